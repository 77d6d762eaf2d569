// A person at Firefox, for tests/experiments/hosting/test_firefox.py: opens the address given, then does what each line
// on standard input says, and says "done" after it. Firefox speaks WebDriver BiDi, so no driver is needed besides.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [firefox, url, watch] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: firefox,
  defaultViewport: { width: 1280, height: 720 },
});
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error));
await page.evaluateOnNewDocument(watch);
await page.goto(url);

/** Ask until it is so: waitForFunction would be stopped by the page's own policy. */
async function until(isSo, argument, most = 30_000) {
  for (const begin = Date.now(); !(await page.evaluate(isSo, argument));) {
    if (Date.now() - begin > most) throw new Error(`not within ${most} ms: ${argument}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const actions = {
  sees: (text) => until((text) => document.body.innerText.includes(text), text),
  onTrial: (index) => until((index) => window.latest === index, index),
  press: (key) => page.keyboard.press(key),
  reload: () => page.reload(),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [action, argument] = JSON.parse(line);
  await actions[action](argument);
  console.log("done");
}
await browser.close();
