// jsPsych plugin: one image of the visual memory game (paper §3.4, Fig. 6).
//
// The image, then a blank; a key says that it was there before. The frame turns green for a hit and red for a false
// alarm, for a moment. A press counts for the image whose onset came last before it, even if the next trial has begun.
import { ParameterType } from "jspsych";
import { eachFrame, isDue, isDueNext } from "../frames.js";
import { clear, draw, makeCanvas } from "../images.js";
import { listen } from "../keys.js";
import { asDate, responseTime, round, watchTrial } from "../record.js";
import { memoryHint } from "../words.js";

const GRACE_MS = 60; // a press is told of a little after it happened

let previous = null; // the trial before: {onset, offset, record, close}

/** Forget the trial before: the next is the first of a run. */
export function beginRun() {
  previous?.close();
  previous = null;
}

/** Wait until the last trial of a run can hear of no press any more, and hand it over. */
export async function endRun() {
  await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  beginRun();
}

export default class MemoryTrial {
  static info = {
    name: "memory-trial",
    version: "1.0.0",
    parameters: {
      image: { type: ParameterType.IMAGE },
      repeat: { type: ParameterType.BOOL },
      trial_index: { type: ParameterType.INT, default: null },
      image_ms: { type: ParameterType.INT, default: 600 },
      blank_ms: { type: ParameterType.INT, default: 800 },
      feedback_ms: { type: ParameterType.INT, default: 300 },
      image_px: { type: ParameterType.INT, default: 400 },
      /** Is given the trial's record once nothing can be added to it. */
      on_record: { type: ParameterType.FUNCTION, default: () => {} },
    },
    data: {
      image: { type: ParameterType.STRING },
      response: { type: ParameterType.INT },
      correct: { type: ParameterType.BOOL },
      rt_ms: { type: ParameterType.FLOAT },
      image_ms: { type: ParameterType.FLOAT },
      blank_ms: { type: ParameterType.FLOAT },
    },
    citations: {},
  };

  constructor(jsPsych) {
    this.jsPsych = jsPsych;
  }

  async trial(display, trial) {
    const canvas = makeCanvas(trial.image_px);
    const frame = document.createElement("div");
    frame.className = "frame";
    frame.append(canvas);
    const hint = document.createElement("p");
    hint.className = "hint";
    display.replaceChildren(frame, hint);

    const before = previous;
    const { record, stop } = watchTrial(trial.trial_index, 0);
    const current = { onset: Infinity, record, close: once(() => trial.on_record(record)) };
    const press = (key, time) => {
      const pressedFor = time >= current.onset ? current : before;
      if (!pressedFor || pressedFor.record.response) return;
      pressedFor.record.response = 1;
      pressedFor.record.rt_ms = responseTime(time, pressedFor.onset);
      if (pressedFor !== current) return;
      frame.dataset.feedback = trial.repeat ? "right" : "wrong";
      setTimeout(() => delete frame.dataset.feedback, trial.feedback_ms);
    };
    listen(["Space"], press, () => (hint.innerHTML = memoryHint));

    await eachFrame((time) => {
      if (before && !isDue(time, before.offset, trial.blank_ms)) return false;
      draw(canvas, trial.image);
      current.onset = time;
      frame.dataset.trial = trial.trial_index;
      record.shown_at = asDate(time);
      if (before) record.blank_ms = round(time - before.offset);
      return true;
    });
    if (before) setTimeout(before.close, GRACE_MS);
    await eachFrame((time) => {
      if (!isDue(time, current.onset, trial.image_ms)) return false;
      clear(canvas);
      current.offset = time;
      record.image_ms = round(time - current.onset);
      return true;
    });
    // The next trial begins one frame early, to draw on the very frame that is due.
    await eachFrame((time) => isDueNext(time, current.offset, trial.blank_ms));
    stop();
    previous = current;
    this.jsPsych.finishTrial({ ...record, image: trial.image, correct: record.response === Number(trial.repeat) });
  }
}

function once(action) {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
