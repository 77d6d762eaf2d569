import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { asDate, responseTime, round, watchTrial } from "../src/record.js";

beforeEach(() => {
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
});

function setHidden(hidden) {
  document.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

test("a record begins with nothing seen and nothing pressed", () => {
  assert.deepEqual(watchTrial(7, 0).record, {
    trial_index: 7,
    response: 0,
    rt_ms: null,
    shown_at: null,
    image_ms: null,
    blank_ms: null,
    frame_ms: 16.7,
    hidden: false,
  });
  assert.equal(watchTrial(7, null).record.response, null);
});

test("a page that is hidden once during a trial stays noted", () => {
  const { record } = watchTrial(0, 0);
  setHidden(true);
  setHidden(false);
  assert.equal(record.hidden, true);
});

test("a page that is hidden when the trial begins is noted", () => {
  document.hidden = true;
  const { record } = watchTrial(0, 0);
  setHidden(false);
  assert.equal(record.hidden, true);
});

test("a page that is hidden after the trial is none of its business", () => {
  const { record, stop } = watchTrial(0, 0);
  stop();
  setHidden(true);
  assert.equal(record.hidden, false);
});

test("a response time is a tenth of a millisecond at least, in tenths", () => {
  assert.equal(responseTime(1512.345, 1000), 512.3);
  assert.equal(responseTime(1000, 1000), 0.1);
  assert.equal(responseTime(999.5, 1000), 0.1); // a press may bear a time just before the frame's
});

test("times are kept in tenths of a millisecond", () => {
  assert.equal(round(16.6667), 16.7);
  assert.equal(round(600), 600);
});

test("a frame's time is kept as date and time of day in UTC", () => {
  assert.equal(asDate(1500), new Date(performance.timeOrigin + 1500).toISOString());
  assert.match(asDate(0), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});
