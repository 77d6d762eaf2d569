// jsPsych plugin: one pair of the 2AFC realness task (paper §3.3.2).
//
// A generated and a real image side by side; once they have gone, a key tells which was the generated one. In practice
// both frames turn green or red, and a line says what was right.
import { ParameterType } from "jspsych";
import { eachFrame, isDue } from "../frames.js";
import { clear, draw, makeCanvas } from "../images.js";
import { ignore, listen } from "../keys.js";
import { asDate, responseTime, round, watchTrial } from "../record.js";
import { pairHint } from "../words.js";

const SIDES = { F: "left", J: "right" };

let answeredAt = null; // when the trial before was answered

/** Forget the trial before: the next is the first of a run. */
export function beginRun() {
  answeredAt = null;
}

export default class PairTrial {
  static info = {
    name: "pair-trial",
    version: "1.0.0",
    parameters: {
      left: { type: ParameterType.IMAGE },
      right: { type: ParameterType.IMAGE },
      /** In practice: the side of the generated image. */
      answer: { type: ParameterType.STRING, default: null },
      trial_index: { type: ParameterType.INT, default: null },
      pair_ms: { type: ParameterType.INT, default: 1600 },
      gap_ms: { type: ParameterType.INT, default: 700 },
      feedback_ms: { type: ParameterType.INT, default: 1200 },
      image_px: { type: ParameterType.INT, default: 320 },
      on_record: { type: ParameterType.FUNCTION, default: () => {} },
    },
    data: {
      left: { type: ParameterType.STRING },
      right: { type: ParameterType.STRING },
      response: { type: ParameterType.STRING },
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
    const [left, right] = [makeCanvas(trial.image_px), makeCanvas(trial.image_px)];
    display.innerHTML = `
      <div class="pair"><div class="frame"></div><div class="frame"></div></div>
      <p class="sides" aria-live="polite"><span><kbd>F</kbd> left</span><span class="verdict"></span>
      <span><kbd>J</kbd> right</span></p><p class="hint" role="status"></p>`;
    const frames = display.querySelectorAll(".frame");
    frames[0].append(left);
    frames[1].append(right);
    const sides = display.querySelector(".sides");

    const { record, stop } = watchTrial(trial.trial_index, null);
    ignore(); // no answer before the pair has gone

    const start = performance.now();
    const onset = await eachFrame((time) => {
      if (!isDue(time, answeredAt ?? start, trial.gap_ms)) return false;
      draw(left, trial.left);
      draw(right, trial.right);
      return true;
    });
    record.shown_at = asDate(onset);
    if (answeredAt !== null) record.blank_ms = round(onset - answeredAt);
    const offset = await eachFrame((time) => {
      if (!isDue(time, onset, trial.pair_ms)) return false;
      clear(left);
      clear(right);
      return true;
    });
    record.image_ms = round(offset - onset);
    sides.classList.add("open");
    sides.dataset.trial = trial.trial_index;

    await new Promise((resolve) => {
      const answer = (key, time) => {
        if (time < offset) return;
        ignore();
        record.response = SIDES[key];
        record.rt_ms = responseTime(time, offset);
        answeredAt = time;
        resolve();
      };
      listen(Object.keys(SIDES), answer, () => (display.querySelector(".hint").innerHTML = pairHint));
    });
    sides.classList.remove("open");
    stop();
    trial.on_record(record);
    if (trial.answer) {
      const correct = record.response === trial.answer;
      frames.forEach((frame) => (frame.dataset.feedback = correct ? "right" : "wrong"));
      display.querySelector(".verdict").textContent = correct ? "Right." : `It was the one on the ${trial.answer}.`;
      await new Promise((resolve) => setTimeout(resolve, trial.feedback_ms));
      answeredAt = performance.now();
    }
    this.jsPsych.finishTrial({ ...record, left: trial.left, right: trial.right });
  }
}
