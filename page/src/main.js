// One visit to an experiment: consent, checks, instructions, a series of trials, the end; and again while there is more.
import { initJsPsych } from "jspsych";
import { PreviewBackend, ServerBackend } from "./backends/server.js";
import { FilesBackend, JatosBackend } from "./backends/static.js";
import { eachFrame, measureInterval } from "./frames.js";
import { identity, isUnaccepted, mturkForm } from "./identity.js";
import { forget, load, makeExamples } from "./images.js";
import * as keys from "./keys.js";
import MemoryTrial, * as memory from "./plugins/memory-trial.js";
import PairTrial, * as pairs from "./plugins/pair-trial.js";
import * as words from "./words.js";

const display = document.querySelector("#experiment");
const jsPsych = initJsPsych({ display_element: display, on_close: () => {} });
const isPreview = new URLSearchParams(location.search).has("preview");
const backend = chooseBackend();
let study = null;
let running = false; // whether jsPsych runs trials
let refusal = null; // why answers cannot be taken any more
const refused = new Promise((_, reject) => {
  backend.onRefused = (error) => {
    refusal = error;
    if (running) jsPsych.abortExperiment();
    reject(error);
  };
});
refused.catch(() => {}); // those who wait for it are told
backend.onAway = (reason) => show(words.away(isPreview && reason));

function chooseBackend() {
  if (isPreview) return new PreviewBackend();
  const name = document.querySelector('meta[name="backend"]').content;
  return new { server: ServerBackend, jatos: JatosBackend, files: FilesBackend }[name]();
}

// --- pages --------------------------------------------------------------------------------------------------------

function show(html) {
  keys.ignore();
  display.innerHTML = `<section class="page">${html}</section>`;
}

/** Run a timeline on an empty page: jsPsych would put it below the one before. */
async function run(timeline) {
  display.replaceChildren();
  running = true;
  await jsPsych.run(timeline);
  running = false;
  if (refusal) throw refusal;
}

/** Show a page until one of the keys drawn on it is pressed, clicked or tapped, and `onKey` is done; which one. */
async function page(html, onKey = () => {}) {
  show(html);
  const buttons = [...display.querySelectorAll("button[data-key]")];
  const pressed = new Promise((resolve) => {
    const names = buttons.map((button) => button.dataset.key);
    keys.listen(names, resolve, () => display.firstChild.classList.add("hinted"));
    for (const button of buttons) button.onclick = () => resolve(button.dataset.key);
  }).then(async (name) => {
    keys.ignore();
    await onKey(name);
    return name;
  });
  return Promise.race([pressed, refused]);
}

/** Fill the screen, and wait there until the window is large enough, saying meanwhile what helps. */
async function enoughRoom() {
  const fits = () => innerWidth >= study.min_width && innerHeight >= study.min_height;
  await page(words.fullScreen, fillScreen);
  while (!fits()) {
    const resized = new Promise((resolve) => addEventListener("resize", resolve, { once: true }));
    await Promise.race([page(words.tooSmall(study), fillScreen), resized]);
  }
}

async function fillScreen() {
  const late = new Promise((resolve) => setTimeout(resolve, 1000));
  await Promise.race([document.documentElement.requestFullscreen?.().catch(() => {}), late]);
  await eachFrame(() => true); // the window has its new size from the next frame on
}

function hasKeyboard() {
  return !(matchMedia("(any-hover: none)").matches && matchMedia("(any-pointer: coarse)").matches);
}

// --- a series -----------------------------------------------------------------------------------------------------

const imagesOf = (trial) =>
  [trial.image, trial.left, trial.right].filter(Boolean).map((name) => backend.imageUrl(name));

async function loadImages(trials) {
  forget();
  const onProgress = (done, total) => show(words.loading(done, total));
  await load(trials.flatMap(imagesOf), onProgress, backend.onAway);
}

function memoryTrial(trial, index, onRecord) {
  const { image_ms, blank_ms, feedback_ms, image_px } = study;
  return {
    type: MemoryTrial,
    image: trial.url,
    repeat: trial.repeat,
    trial_index: index,
    on_record: onRecord,
    image_ms,
    blank_ms,
    feedback_ms,
    image_px,
  };
}

/** The memory game with a few patterns, as often as wanted. Nothing of it is recorded. */
async function tryMemoryGame() {
  const names = await makeExamples(6);
  const order = [0, 1, 2, 1, 3, 0, 4, 5, 3];
  for (;;) {
    const records = [];
    const trials = order.map((n, index) =>
      memoryTrial({ url: names[n], repeat: order.indexOf(n) < index }, index, (record) => records.push(record)),
    );
    memory.beginRun();
    await run(trials);
    await memory.endRun();
    const pressed = records.map((record) => record.response === 1);
    const repeated = trials.map((trial) => trial.repeat);
    const missed = repeated.filter((repeat, index) => repeat && !pressed[index]).length;
    const falseAlarms = repeated.filter((repeat, index) => !repeat && pressed[index]).length;
    if ((await page(words.tryAgain(missed, falseAlarms))) === "Space") return;
  }
}

async function memoryGame(trials, first) {
  memory.beginRun();
  const timeline = trials.map((trial, index) =>
    memoryTrial({ url: backend.imageUrl(trial.image), repeat: trial.repeat }, index, (record) =>
      backend.submit(record),
    ),
  );
  await run(timeline.slice(first));
  await memory.endRun();
}

async function twoAfc(trials, first) {
  const { pair_ms, gap_ms, image_px, break_every } = study;
  const practice = trials.filter((trial) => trial.practice).length;
  const total = trials.length - practice;
  let index = first;
  while (index < trials.length) {
    const inPractice = index < practice;
    if (index === 0 && practice) await page(words.practice(practice));
    if (index === practice) await page(words.begin.two_afc(study, total));
    // A run goes on to the end of the practice, the next break, or the end.
    const done = index - practice;
    const untilBreak = break_every ? break_every - (done % break_every) : total;
    const count = inPractice ? practice - index : Math.min(total - done, untilBreak);
    pairs.beginRun();
    await run(
      trials.slice(index, index + count).map((trial, offset) => ({
        type: PairTrial,
        left: backend.imageUrl(trial.left),
        right: backend.imageUrl(trial.right),
        answer: trial.practice ? trial.answer : null,
        trial_index: index + offset,
        on_record: (record) => backend.submit(record),
        pair_ms,
        gap_ms,
        image_px,
      })),
    );
    index += count;
    if (!inPractice && index < trials.length) await page(words.pause(index - practice, total));
  }
}

async function runSeries(session, isFirst) {
  const { trials, answered } = session;
  await loadImages(trials);
  await measureInterval();
  if (answered === trials.length) return backend.finish(); // the window was closed on the last answer
  if (answered) {
    await page(words.welcomeBack(trials.length - answered));
  } else if (isFirst && session.series === 1) {
    for (const text of words.instructions[study.experiment]) await page(text);
    if (study.experiment === "memory_game") await tryMemoryGame();
  }
  document.body.classList.add("trials");
  if (study.experiment === "memory_game") {
    await page(words.begin.memory_game(study, trials.length - answered));
    await memoryGame(trials, answered);
  } else {
    await twoAfc(trials, answered);
  }
  document.body.classList.remove("trials");
  show(words.saving);
  return backend.finish();
}

// --- the visit ----------------------------------------------------------------------------------------------------

async function visit() {
  study = await backend.study();
  document.title = study.title;
  if (study.data_source === "simulated" || isPreview) document.body.dataset.note = isPreview ? "Preview" : "Simulated";
  if (!hasKeyboard()) return show(words.needsKeyboard);
  if (isUnaccepted()) return show(words.unaccepted(study));
  const person = identity();
  if (!new RegExp(study.participant_pattern).test(person.identifier)) return show(words.misnamed(study, person));

  const { finished, full } = await backend.arrive(person);
  if (finished && !(await end(finished, true))) return;
  if (full) return show(words.noSeries.full);
  await page(words.consent(study));
  await enoughRoom();
  for (let first = true; ; first = false) {
    const session = await backend.enter(person);
    if (session.status !== "ready") return leave(words.noSeries[session.status]);
    if (!(await end(await runSeries(session, first)))) return;
  }
}

/** Tell of a finished series, be it of this visit or one before, and hand it in; or whether they go on with another. */
async function end(result, before = false) {
  const form = result.code && mturkForm(result.code, study.mturk_hosts);
  const returns = Boolean(form || result.return_url || result.leave);
  // Who is sent back is paid a series, and comes again by the same link for the next.
  const more = result.more && (before || !returns);
  const html = words.end(study, { ...result, returns, more, before });
  if (!returns && !more) return leave(html);
  if ((await page(html)) === "Space") return true;
  if (form) document.body.appendChild(form).submit();
  else if (result.return_url) location.assign(result.return_url);
  else result.leave();
}

function leave(html) {
  if (document.fullscreenElement) document.exitFullscreen();
  show(html);
}

visit().catch((error) => {
  if (!error.status) console.error(error);
  leave(error.status === 401 ? words.elsewhere : words.failed(study?.contact, isPreview && error.message));
});
