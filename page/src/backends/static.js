// Without our server: tracks are files beside the page. What the server would judge is judged here, by the same rules,
// which the bundle brings along (ganalyze.experiments.exclusions).

import { request } from "../requests.js";
import { keep, keepInAddress, kept } from "../storage.js";

class StaticBackend {
  answers = [];
  track = null;
  bundle = null;
  onRefused = () => {};
  onAway = () => {};

  async study() {
    this.bundle = await this.#load("study.json");
    return this.bundle.settings;
  }

  imageUrl(name) {
    return `images/${name}.png`;
  }

  /** The track of a slot's series, or the status that says why there is none. */
  async open(slot, series) {
    if (slot >= this.bundle.slots) return { status: "full" };
    if (series > this.bundle.series) return { status: "done" };
    const { track, trials } = await this.#load(`tracks/${slot}-${series}.json`);
    this.track = { name: track, trials, series };
    this.answers = [];
    return { status: "ready", series, answered: 0, trials };
  }

  async #load(path) {
    return (await request(path, {}, this.onAway)).json();
  }

  async arrive() {
    return { finished: null, full: false };
  }

  /** A line of the results file. */
  line(answer) {
    return JSON.stringify({ participant: this.participant, track: this.track.name, ...answer }) + "\n";
  }

  /** Whether the series counts, and whether another may follow. */
  judge() {
    const { max_vigilance_errors, max_false_alarms } = this.bundle.rules;
    const trials = this.answers.map(({ trial_index, response }) => ({ ...this.track.trials[trial_index], response }));
    const vigilance = trials.filter((trial) => trial.check);
    const errors = vigilance.filter((trial) => trial.response !== (trial.side ?? Number(trial.repeat)));
    const newImages = trials.filter((trial) => trial.repeat === false);
    const falseAlarms = newImages.filter((trial) => trial.response === 1);
    const passed =
      share(errors, vigilance) <= max_vigilance_errors &&
      (max_false_alarms === null || share(falseAlarms, newImages) <= max_false_alarms);
    return { passed, more: passed && this.track.series < this.bundle.series };
  }
}

/** A study on JATOS: a slot each worker, results line by line. */
export class JatosBackend extends StaticBackend {
  async study() {
    await new Promise((resolve) => jatos.onLoad(resolve));
    return super.study();
  }

  async enter() {
    this.participant = `worker-${jatos.workerId}`;
    const state = await this.#ownState();
    if (state.blocked) return { status: "blocked" };
    // A series that was begun is not given again: its answers so far are with JATOS already.
    await this.#change({ [this.participant]: { ...state, series: state.series + 1 } });
    return this.open(state.slot, state.series);
  }

  submit(answer) {
    this.answers.push(answer);
    jatos.appendResultData(this.line(answer)).catch(this.onRefused);
  }

  async finish() {
    const judged = this.judge();
    const state = await this.#ownState();
    await this.#change({ [this.participant]: { ...state, blocked: !judged.passed } });
    return { ...judged, code: null, return_url: null, leave: () => jatos.endStudy(true) };
  }

  /** Slot and series are kept in the batch session, which JATOS changes for one worker at a time. */
  async #ownState() {
    for (;;) {
      const state = jatos.batchSession.get(this.participant);
      if (state) return state;
      const next = jatos.batchSession.get("next_slot") ?? 0;
      await this.#change({ next_slot: next + 1, [this.participant]: { slot: next, series: 1, blocked: false } }, true);
    }
  }

  async #change(values, once = false) {
    for (;;) {
      try {
        await jatos.batchSession.setAll({ ...jatos.batchSession.getAll(), ...values });
        return;
      } catch {
        // Someone else was quicker: our copy of the session is renewed by now, look again.
        await new Promise((resolve) => setTimeout(resolve, 100 + 400 * Math.random()));
        if (once) return;
      }
    }
  }
}

/** Plain files: ?slot=3&series=1 says which track; the answers are a file that the participant's browser saves. It keeps
 *  them besides while the window is open (the next person at it may have the same link), so that a page that is loaded
 *  again goes on, or saves the file again. */
export class FilesBackend extends StaticBackend {
  #session = null;

  async arrive({ identifier }) {
    const parameters = new URLSearchParams(location.search);
    const slot = Number(parameters.get("slot") ?? Math.floor(Math.random() * this.bundle.slots));
    if (!parameters.has("slot")) keepInAddress("slot", slot);
    this.participant = parameters.get("participant") ? identifier : `slot-${slot}`;
    this.#session = await this.open(slot, Number(parameters.get("series") ?? 1));
    if (this.#session.status !== "ready") return { finished: null, full: this.#session.status === "full" };
    this.answers = JSON.parse(kept(this.#place, "sessionStorage")) ?? [];
    this.#session.answered = this.answers.length;
    const finished = this.answers.length === this.track.trials.length ? this.#result() : null;
    return { finished, full: false };
  }

  async enter() {
    return this.#session;
  }

  submit(answer) {
    this.answers.push(answer);
    keep(this.#place, JSON.stringify(this.answers), "sessionStorage");
  }

  async finish() {
    this.#save();
    return this.#result();
  }

  get #place() {
    return `ganalyze-answers ${location.pathname} ${this.participant} ${this.track.name}`;
  }

  #result() {
    return { ...this.judge(), more: false, code: null, return_url: null, leave: () => this.#save(), saves: true };
  }

  #save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(this.answers.map((answer) => this.line(answer))));
    link.download = `${this.participant}_${this.track.name}.jsonl`;
    link.click();
  }
}

/** The share of trials that failed; 0 without any. */
function share(failed, trials) {
  return trials.length ? failed.length / trials.length : 0;
}
