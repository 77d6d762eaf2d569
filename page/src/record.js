// What is kept of a trial, whichever experiment it is of (ganalyze.experiments.hosting.answers.Answer).
import { frameInterval } from "./frames.js";

/** A trial's record before anything has happened; `hidden` is kept up to date until `stop()`. */
export function watchTrial(trialIndex, response) {
  const record = {
    trial_index: trialIndex,
    response,
    rt_ms: null,
    shown_at: null,
    image_ms: null,
    blank_ms: null,
    frame_ms: round(frameInterval()),
    hidden: document.hidden,
  };
  const update = () => (record.hidden ||= document.hidden);
  document.addEventListener("visibilitychange", update);
  return { record, stop: () => document.removeEventListener("visibilitychange", update) };
}

/** A frame's time as date and time of day. */
export function asDate(time) {
  return new Date(performance.timeOrigin + time).toISOString();
}

/** How long after `start` a key was pressed; never 0, which the server would not take for a time. */
export function responseTime(time, start) {
  return Math.max(0.1, round(time - start));
}

export function round(ms) {
  return Math.round(ms * 10) / 10;
}
