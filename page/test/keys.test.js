import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.window = new EventTarget();
const { listen } = await import("../src/keys.js");

let heard;
beforeEach(() => {
  heard = [];
  listen((key, time) => heard.push([key, time]));
});

function press(key, properties = {}) {
  const event = Object.assign(new Event("keydown", { cancelable: true }), { key, ...properties });
  window.dispatchEvent(event);
  return event;
}

test("a press is heard with the time of the press itself", () => {
  const event = press("f");
  assert.deepEqual(heard, [["f", event.timeStamp]]);
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
  listen((key) => later.push(key));
  press("j");
  assert.deepEqual([heard, later], [[], ["j"]]);
});

test("a press is heard by no one where no one listens", () => {
  listen(null);
  press("j");
  assert.deepEqual(heard, []);
});

test("keys that would scroll, search or leave the page do not; others are left to the browser", () => {
  for (const key of [" ", "/", "'", "Tab", "Backspace"]) assert.equal(press(key).defaultPrevented, true, key);
  for (const key of ["f", "Enter", "F5", "Escape"]) assert.equal(press(key).defaultPrevented, false, key);
});
