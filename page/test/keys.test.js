import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.window = new EventTarget();
const { ignore, listen } = await import("../src/keys.js");

let heard;
beforeEach(() => {
  heard = [];
  listen(
    ["F", "J", "Space", "Enter"],
    (name, time) => heard.push([name, time]),
    () => heard.push("another"),
  );
});

function press(key, properties = {}) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ...properties });
  window.dispatchEvent(event);
  return event;
}

test("a press is heard with the time of the press itself", () => {
  const event = press("f");
  assert.deepEqual(heard, [["F", event.timeStamp]]);
});

test("a key that is held down is one press", () => {
  press(" ");
  press(" ", { repeat: true });
  assert.equal(heard.length, 1);
});

test("the browser's shortcuts are no answers", () => {
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) press("f", { [modifier]: true });
  assert.deepEqual(heard, []);
});

test("who listens takes the place of the listener before", () => {
  const later = [];
  listen(["J"], (name) => later.push(name));
  press("j");
  press("f"); // none of the keys that are listened for, and no one wants to know
  assert.deepEqual([heard, later], [[], ["J"]]);
});

test("a press is heard by no one where no one listens", () => {
  ignore();
  press("j");
  assert.deepEqual(heard, []);
});

test("keys that would scroll, search or leave the page do not; others are left to the browser", () => {
  for (const key of [" ", "/", "'", "Tab", "Backspace"]) assert.equal(press(key).defaultPrevented, true, key);
  for (const key of ["f", "Enter", "F5", "Escape"]) assert.equal(press(key).defaultPrevented, false, key);
});

/** What the keys under the two index fingers of an English keyboard send on other layouts. */
const LAYOUTS = {
  English: ["f", "j"],
  "caps lock": ["F", "J"],
  Cyrillic: ["\u0430", "\u043e"],
  Greek: ["\u03c6", "\u03be"],
  Hebrew: ["\u05db", "\u05d7"],
  Arabic: ["\u0628", "\u062a"],
  Georgian: ["\u10e4", "\u10ef"],
  Dvorak: ["u", "h"],
  "a Japanese input method": ["Process", "Process"],
  "a dead key": ["Dead", "Dead"],
};

for (const [layout, [left, right]] of Object.entries(LAYOUTS)) {
  test(`keys are known by their place: ${layout}`, () => {
    press(left, { code: "KeyF" });
    press(right, { code: "KeyJ" });
    assert.deepEqual(
      heard.map(([name]) => name),
      ["F", "J"],
    );
  });
}

test("who looks for the printed letter finds it too, wherever the layout has it", () => {
  press("f", { code: "KeyY" }); // Dvorak
  press("j", { code: "KeyY" }); // Colemak
  press("j"); // a keyboard on the screen, which has no places
  assert.deepEqual(
    heard.map(([name]) => name),
    ["F", "J", "J"],
  );
});

test("what is printed on a key counts before its place", () => {
  press("f", { code: "KeyJ" });
  assert.equal(heard[0][0], "F");
});

test("the space bar and both Enter keys are known on every layout", () => {
  press("\u3000", { code: "Space" }); // the wide blank of Japanese
  press("Enter", { code: "NumpadEnter" });
  press("Process", { code: "Enter" });
  assert.deepEqual(
    heard.map(([name]) => name),
    ["Space", "Enter", "Enter"],
  );
});

test("another key is noticed, for a hint; a modifier alone is none", () => {
  press("k", { code: "KeyK" });
  press("\u043b", { code: "KeyK" });
  for (const key of ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"]) press(key, { code: `${key}Left` });
  assert.deepEqual(heard, ["another", "another"]);
});
