import assert from "node:assert/strict";
import { mock, test } from "node:test";

let pages = 0;

/** A screen whose nth callback comes `late(n)` ms after its frame; the module anew, as it is when the page opens. */
async function onScreen(interval, late = () => 0) {
  let count = 0;
  let frame = 0;
  let now = 0;
  mock.method(performance, "now", () => now);
  globalThis.requestAnimationFrame = (callback) =>
    queueMicrotask(() => {
      frame = Math.max(frame, Math.floor(now / interval)) + 1;
      const timestamp = frame * interval;
      now = timestamp + late(++count);
      callback(timestamp);
    });
  return import(`../src/frames.js?page=${pages++}`);
}

const near = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-6, `${value} is not ${expected}`);

test("the interval is that of 60 Hz until it is measured", async () => {
  const { frameInterval, measureInterval } = await onScreen(1000 / 144);
  near(frameInterval(), 1000 / 60);
  near(await measureInterval(), 1000 / 144);
  near(frameInterval(), 1000 / 144);
});

test("a few frames that were dropped do not change the measured interval", async () => {
  const { measureInterval } = await onScreen(20, (n) => (n % 7 === 0 ? 18 : 0));
  near(await measureInterval(), 20);
});

test("a step is called on every frame until it returns true, and the time of that frame comes back", async () => {
  const { eachFrame } = await onScreen(1000 / 60);
  const times = [];
  const end = await eachFrame((time) => times.push(time) === 3);
  assert.equal(times.length, 3);
  times.forEach((time, index) => near(time, ((index + 1) * 1000) / 60));
  assert.equal(end, times[2]);
});

test("a callback that comes late has the time of the frame in which its drawing is seen", async () => {
  const interval = 1000 / 60;
  const { eachFrame } = await onScreen(interval, (n) => [0, 0.9, 1, 2.5][n] * interval + 1e-9);
  const times = [];
  await eachFrame((time) => times.push(time) === 3);
  near(times[0], 1 * interval); // late within its own frame
  near(times[1], 3 * interval); // one frame missed
  near(times[2], 6 * interval); // of frame 4, two missed
});

test("what is due is drawn on the frame nearest to its time", async () => {
  const { isDue } = await onScreen(1000 / 60);
  const frame = (n) => (n * 1000) / 60;
  assert.equal(isDue(100 + frame(35), 100, 600), false);
  assert.equal(isDue(100 + frame(36), 100, 600), true); // 36 frames are 600 ms
  assert.equal(isDue(100 + frame(37), 100, 600), true);
  assert.equal(isDue(frame(37), 0, 625.1), false); // 625 ms lie in the middle of frames 37 and 38
  assert.equal(isDue(frame(37), 0, 624.9), true);
});

test("on a screen of another rate the nearest frame is that screen's", async () => {
  const { isDue, measureInterval } = await onScreen(20);
  await measureInterval();
  assert.equal(isDue(589, 0, 600), false);
  assert.equal(isDue(590, 0, 600), true);
});

test("what is due next is due one frame later", async () => {
  const { isDue, isDueNext } = await onScreen(1000 / 60);
  for (let time = 500; time < 700; time += 3) {
    assert.equal(isDueNext(time, 0, 600), isDue(time + 1000 / 60, 0, 600));
  }
  assert.equal(isDueNext(580, 0, 600), true);
  assert.equal(isDueNext(570, 0, 600), false);
});
