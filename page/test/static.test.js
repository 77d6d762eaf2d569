import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { FilesBackend, JatosBackend } from "../src/backends/static.js";

const RULES = {
  memory_game: { max_vigilance_errors: 0.55, max_false_alarms: 0.3 },
  two_afc: { max_vigilance_errors: 0.35, max_false_alarms: null },
};

/** Put a bundle beside the page: two slots of two series each, all of the same trials. */
function bundle(experiment, trials, changes = {}) {
  const files = {
    "study.json": { settings: { experiment }, rules: RULES[experiment], slots: 2, series: 2, ...changes },
  };
  for (const track of ["0-1", "0-2", "1-1", "1-2"]) files[`tracks/${track}.json`] = { track: `track ${track}`, trials };
  globalThis.fetch = async (path) => ({
    ok: path in files,
    status: path in files ? 200 : 404,
    json: async () => files[path],
  });
}

/** Repeats that are checked, one after the other new images. */
function game(repeats, newImages) {
  return [
    ...Array(repeats).fill({ image: "a", repeat: true, check: true }),
    ...Array(newImages).fill({ image: "b", repeat: false, check: false }),
  ];
}

async function opened(query = "slot=0") {
  globalThis.location = { search: `?${query}`, pathname: "/", href: `https://host.example/?${query}` };
  globalThis.history = { replaceState: mock.fn() };
  const backend = new FilesBackend();
  await backend.study();
  const arrival = await backend.arrive({ identifier: new URLSearchParams(query).get("participant") });
  return { backend, arrival, entry: await backend.enter() };
}

let stored; // what the browser keeps

beforeEach(() => {
  stored = new Map();
  globalThis.window = {
    sessionStorage: { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) },
  };
});

async function judged(responses) {
  stored.clear();
  const { backend } = await opened();
  responses.forEach((response, trial_index) => backend.submit({ trial_index, response }));
  return backend.judge();
}

const times = (count, response) => Array(count).fill(response);

// --- judging ---------------------------------------------------------------------------------------------------------

test("a memory game passes with as many missed vigilance repeats as are allowed, and fails with one more", async () => {
  bundle("memory_game", game(20, 10));
  assert.equal((await judged([...times(11, 0), ...times(9, 1), ...times(10, 0)])).passed, true);
  assert.equal((await judged([...times(12, 0), ...times(8, 1), ...times(10, 0)])).passed, false);
});

test("a memory game passes with as many false alarms as are allowed, and fails with one more", async () => {
  bundle("memory_game", game(20, 10));
  assert.equal((await judged([...times(20, 1), ...times(3, 1), ...times(7, 0)])).passed, true);
  assert.equal((await judged([...times(20, 1), ...times(4, 1), ...times(6, 0)])).passed, false);
});

test("false alarms count for nothing where the rules do not limit them", async () => {
  bundle("memory_game", game(20, 10), { rules: { max_vigilance_errors: 0.55, max_false_alarms: null } });
  assert.equal((await judged(times(30, 1))).passed, true);
});

test("repeats of targets are not judged", async () => {
  bundle("memory_game", [...game(2, 2), ...Array(20).fill({ image: "c", repeat: true, check: false })]);
  assert.equal((await judged([1, 1, 0, 0, ...times(20, 0)])).passed, true);
  assert.equal((await judged([0, 0, 0, 0, ...times(20, 1)])).passed, false);
});

test("a 2AFC series is judged by the side of its vigilance pairs alone", async () => {
  const vigilance = Array(20).fill({ left: "a", right: "b", side: "left", check: true });
  const others = Array(30).fill({ left: "a", right: "b", side: "right", check: false });
  bundle("two_afc", [...vigilance, ...others]);
  assert.equal((await judged([...times(13, "left"), ...times(7, "right"), ...times(30, "left")])).passed, true);
  assert.equal((await judged([...times(12, "left"), ...times(8, "right"), ...times(30, "right")])).passed, false);
});

test("another series may follow one that passed, up to the last", async () => {
  bundle("memory_game", game(2, 0));
  assert.deepEqual(await judged([1, 1]), { passed: true, more: true });
  assert.deepEqual(await judged([0, 0]), { passed: false, more: false });
  bundle("memory_game", game(2, 0), { series: 1 });
  assert.deepEqual(await judged([1, 1]), { passed: true, more: false });
});

// --- plain files -----------------------------------------------------------------------------------------------------

test("the link says which track; there is none beyond the last slot or series", async () => {
  const trials = game(1, 1);
  bundle("memory_game", trials);
  const { backend, entry } = await opened("slot=1&series=2");
  assert.deepEqual(entry, { status: "ready", series: 2, answered: 0, trials });
  assert.equal(backend.track.name, "track 1-2");
  assert.deepEqual((await opened("slot=2")).entry, { status: "full" });
  assert.deepEqual((await opened("slot=1&series=3")).entry, { status: "done" });
});

test("without a slot in the link one of the slots is drawn", async () => {
  bundle("memory_game", game(1, 1));
  const drawn = mock.method(Math, "random", () => 0.999);
  assert.equal((await opened("")).backend.track.name, "track 1-1");
  assert.match(String(history.replaceState.mock.calls[0].arguments[2]), /slot=1/); // for a reload
  drawn.mock.restore();
});

test("who takes part is named by the link, or else by the slot", async () => {
  bundle("memory_game", game(1, 1));
  assert.equal((await opened("slot=1&participant=Anna_1-")).backend.participant, "Anna_1-");
  assert.equal((await opened("slot=1")).backend.participant, "slot-1");
});

test("a file that is missing is named", async () => {
  globalThis.fetch = async () => ({ ok: false, status: 404, statusText: "Not Found", json: async () => ({}) });
  await assert.rejects(new FilesBackend().study(), /study\.json: Not Found/);
});

test("the answers are saved as one file, a line each", async () => {
  bundle("memory_game", game(2, 0));
  const { backend } = await opened("slot=1&series=1&participant=anna");
  const link = { click: mock.fn() };
  let saved;
  globalThis.document = { createElement: () => link };
  mock.method(URL, "createObjectURL", (blob) => ((saved = blob), "blob:answers"));
  backend.submit({ trial_index: 0, response: 1 });
  backend.submit({ trial_index: 1, response: 0 });
  const result = await backend.finish();
  const { passed, more, saves } = result;
  assert.deepEqual([passed, more, saves], [true, false, true]);
  assert.deepEqual([link.href, link.download], ["blob:answers", "anna_track 1-1.jsonl"]);
  assert.equal(link.click.mock.callCount(), 1);
  const lines = (await saved.text()).trimEnd().split("\n");
  assert.deepEqual(lines.map(JSON.parse), [
    { participant: "anna", track: "track 1-1", trial_index: 0, response: 1 },
    { participant: "anna", track: "track 1-1", trial_index: 1, response: 0 },
  ]);
});

test("a page that is loaded again goes on where it was, and saves the file again once it is complete", async () => {
  bundle("memory_game", game(2, 0));
  const query = "slot=1&series=1&participant=anna";
  const { backend, arrival, entry } = await opened(query);
  assert.deepEqual([arrival, entry.answered], [{ finished: null, full: false }, 0]);
  backend.submit({ trial_index: 0, response: 1 });
  const again = await opened(query);
  assert.deepEqual([again.arrival.finished, again.entry.answered], [null, 1]);
  again.backend.submit({ trial_index: 1, response: 0 });
  const link = { click: mock.fn() };
  globalThis.document = { createElement: () => link };
  const { finished } = (await opened(query)).arrival;
  assert.equal(finished.passed, true);
  finished.leave();
  assert.equal(link.click.mock.callCount(), 1);
  assert.equal((await opened("slot=1&series=2&participant=anna")).arrival.finished, null);
  assert.equal((await opened("slot=1&series=1&participant=otto")).arrival.finished, null);
});

for (const method of ["getItem", "setItem"]) {
  test(`a browser that keeps nothing (${method}) goes through a series all the same`, async () => {
    window.sessionStorage[method] = () => {
      throw new Error("SecurityError");
    };
    bundle("memory_game", game(2, 0));
    const { backend } = await opened("slot=1");
    backend.submit({ trial_index: 0, response: 1 });
    backend.submit({ trial_index: 1, response: 1 });
    assert.equal(backend.judge().passed, true);
  });
}

// --- JATOS -----------------------------------------------------------------------------------------------------------

let results; // what JATOS has been given, line by line
let session; // the batch session, shared by all workers

beforeEach(() => {
  results = [];
  session = {};
});

/** A worker's visit. `refusals`: how often JATOS refuses a change, as it does when another worker was quicker. */
async function arrives(workerId, { refusals = 0, meanwhile = {} } = {}) {
  globalThis.jatos = {
    workerId,
    onLoad: (callback) => callback(),
    appendResultData: async (line) => results.push(line),
    endStudy: mock.fn(),
    batchSession: {
      get: (name) => session[name],
      getAll: () => structuredClone(session),
      setAll: async (values) => {
        if (refusals-- > 0) {
          Object.assign(session, meanwhile);
          throw new Error("version");
        }
        session = structuredClone(values);
      },
    },
  };
  const backend = new JatosBackend();
  await backend.study();
  return { backend, entry: await backend.enter() };
}

test("each worker on JATOS gets a slot of their own, and the next series at the next visit", async () => {
  bundle("memory_game", game(2, 0));
  const tracks = [];
  for (const worker of [7, 9, 7]) tracks.push((await arrives(worker)).backend.track.name);
  assert.deepEqual(tracks, ["track 0-1", "track 1-1", "track 0-2"]);
});

test("workers beyond the slots find the study full, and there is an end to the series", async () => {
  bundle("memory_game", game(2, 0));
  const statuses = [];
  for (const worker of [7, 9, 11, 7, 7]) statuses.push((await arrives(worker)).entry.status);
  assert.deepEqual(statuses, ["ready", "ready", "full", "ready", "done"]);
});

test("a slot that another worker took meanwhile is not given twice", async () => {
  bundle("memory_game", game(2, 0));
  const other = { next_slot: 1, "worker-9": { slot: 0, series: 2, blocked: false } };
  const { backend } = await arrives(7, { refusals: 1, meanwhile: other });
  assert.equal(backend.track.name, "track 1-1");
  assert.deepEqual(session["worker-9"], other["worker-9"]);
  assert.equal(session.next_slot, 2);
});

test("JATOS has every answer as soon as it is given", async () => {
  bundle("memory_game", game(2, 0));
  const { backend } = await arrives(7);
  backend.submit({ trial_index: 0, response: 1 });
  assert.deepEqual(results.map(JSON.parse), [
    { participant: "worker-7", track: "track 0-1", trial_index: 0, response: 1 },
  ]);
  assert.ok(results[0].endsWith("\n"));
});

test("an answer that JATOS does not take stops the series", async () => {
  bundle("memory_game", game(2, 0));
  const { backend } = await arrives(7);
  const reason = new Error("too large");
  jatos.appendResultData = async () => {
    throw reason;
  };
  const refused = new Promise((resolve) => (backend.onRefused = resolve));
  backend.submit({ trial_index: 0, response: 1 });
  assert.equal(await refused, reason);
});

test("who fails a series on JATOS is blocked, and who passes is not", async () => {
  bundle("memory_game", game(2, 0));
  for (const [worker, response] of [
    [7, 0],
    [9, 1],
  ]) {
    const { backend } = await arrives(worker);
    for (const trial_index of [0, 1]) backend.submit({ trial_index, response });
    const result = await backend.finish();
    assert.equal(result.passed, response === 1);
    result.leave();
    assert.equal(jatos.endStudy.mock.callCount(), 1);
  }
  assert.deepEqual((await arrives(7)).entry, { status: "blocked" });
  assert.equal((await arrives(9)).entry.status, "ready");
});
