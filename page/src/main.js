// One visit to an experiment: consent, checks, instructions, a series of trials, the end; and again while there is more.
import htmlKeyboardResponse from "@jspsych/plugin-html-keyboard-response";
import preload from "@jspsych/plugin-preload";
import { initJsPsych } from "jspsych";
import { PreviewBackend, ServerBackend } from "./backends/server.js";
import { FilesBackend, JatosBackend } from "./backends/static.js";
import { measureInterval } from "./frames.js";
import { identity, isUnaccepted, mturkForm } from "./identity.js";
import { decode, forget, makeExamples } from "./images.js";
import * as keys from "./keys.js";
import MemoryTrial, * as memory from "./plugins/memory-trial.js";
import PairTrial, * as pairs from "./plugins/pair-trial.js";
import * as words from "./words.js";

const display = document.querySelector("#experiment");
const jsPsych = initJsPsych({ display_element: display, on_close: () => {} });
const isPreview = new URLSearchParams(location.search).has("preview");
const backend = chooseBackend();
let study = null;
let refusal = null; // why answers cannot be taken any more

function chooseBackend() {
  if (isPreview) return new PreviewBackend();
  const name = document.querySelector('meta[name="backend"]').content;
  return new { server: ServerBackend, jatos: JatosBackend, files: FilesBackend }[name]();
}

// --- pages --------------------------------------------------------------------------------------------------------

/** Run a timeline on an empty page: jsPsych would put it below the one before. */
async function run(timeline) {
  display.replaceChildren();
  await jsPsych.run(timeline);
  if (refusal) throw refusal;
}

/** Show a page until one of `choices` is pressed; which one. */
async function page(html, choices = [" "], onKey = () => {}) {
  keys.listen(null);
  let pressed = null;
  const trial = {
    type: htmlKeyboardResponse,
    stimulus: `<section class="page">${html}</section>`,
    choices,
    on_finish: (data) => {
      pressed = data.response;
      onKey();
    },
  };
  await run([trial]);
  return pressed;
}

/** Show a last page. */
function stop(html) {
  keys.listen(null);
  display.innerHTML = `<section class="page">${html}</section>`;
}

/** Wait until the window is large enough, saying so meanwhile. */
async function enoughRoom() {
  const fits = () => innerWidth >= study.min_width && innerHeight >= study.min_height;
  while (!fits()) {
    stop(words.tooSmall(study));
    await new Promise((resolve) => addEventListener("resize", resolve, { once: true }));
  }
}

function hasKeyboard() {
  return !(matchMedia("(any-hover: none)").matches && matchMedia("(any-pointer: coarse)").matches);
}

// --- a series -----------------------------------------------------------------------------------------------------

const imagesOf = (trial) =>
  [trial.image, trial.left, trial.right].filter(Boolean).map((name) => backend.imageUrl(name));

async function loadImages(trials) {
  forget();
  const images = trials.flatMap(imagesOf);
  await run([
    {
      type: preload,
      images,
      message: `<h2>The pictures are on their way</h2>`,
      error_message: words.failed(study.contact),
    },
  ]);
  await decode(images);
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
    const choices = missed || falseAlarms ? [" ", "r"] : [" "];
    if ((await page(words.tryAgain(missed, falseAlarms), choices)) === " ") return;
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
  stop(words.saving);
  return backend.finish();
}

// --- the visit ----------------------------------------------------------------------------------------------------

async function visit() {
  study = await backend.study();
  document.title = study.title;
  if (study.data_source === "simulated" || isPreview) document.body.dataset.note = isPreview ? "Preview" : "Simulated";
  if (!hasKeyboard()) return stop(words.needsKeyboard);
  if (isUnaccepted()) return stop(words.unaccepted(study));
  await enoughRoom();
  await page(words.consent(study), ["Enter"]);
  await page(words.fullScreen, [" "], () => document.documentElement.requestFullscreen?.().catch(() => {}));
  await enoughRoom();

  for (let first = true; ; first = false) {
    const session = await backend.enter(identity());
    if (session.status !== "ready") return leave(words.noSeries[session.status]);
    const result = await runSeries(session, first);
    const form = result.code && mturkForm(result.code, study.mturk_hosts);
    result.returns = Boolean(form || result.return_url || result.leave);
    result.more &&= !result.returns; // who is sent back is paid a series, and comes again for the next
    const choices = [...(result.returns ? ["Enter"] : []), ...(result.more ? [" "] : [])];
    if (!choices.length) return leave(words.end(study, result));
    if ((await page(words.end(study, result), choices)) === "Enter") {
      if (form) return document.body.appendChild(form).submit();
      return result.return_url ? location.assign(result.return_url) : result.leave();
    }
  }
}

function leave(html) {
  if (document.fullscreenElement) document.exitFullscreen();
  stop(html);
}

backend.onRefused = (error) => {
  refusal = error;
  jsPsych.abortExperiment();
};
visit().catch((error) => {
  if (!error.status) console.error(error);
  leave(error.status === 401 ? words.elsewhere : words.failed(study?.contact ?? "the experimenter"));
});
