import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { PreviewBackend, ServerBackend } from "../src/backends/server.js";

let requests; // {path, method, body, token}, as they came
let replies; // what the server does with the next ones: a status, or "away"; then 200

const CONTENT = {
  "api/study": { title: "A study" },
  "api/arrival": { finished: null, full: false },
  "api/session": { token: "T0KEN", series: 2, status: "ready" },
  "api/answers": {},
  "api/finish": { passed: true },
};

beforeEach(() => {
  requests = [];
  replies = [];
  globalThis.fetch = async (path, { method, body, headers } = {}) => {
    requests.push({ path, method, body: body && JSON.parse(body), token: headers?.Authorization });
    const status = replies.shift() ?? 200;
    if (status === "away") throw new TypeError("no connection");
    const content = status === 200 ? CONTENT[path] : { error: "the reason" };
    return { ok: status === 200, status, statusText: "refused", json: async () => content };
  };
  mock.method(globalThis, "setTimeout", (callback) => queueMicrotask(callback));
});

async function entered() {
  const backend = new ServerBackend();
  await backend.enter({ platform: "link", identifier: "anna" });
  requests = [];
  return backend;
}

const answer = (index) => ({ trial_index: index, response: 0 });
const sent = () => requests.filter(({ path }) => path === "api/answers").map(({ body }) => body.answers);

test("who enters says who they are, and bears the token from then on", async () => {
  const backend = new ServerBackend();
  await backend.enter({ platform: "link", identifier: "anna" });
  await backend.finish();
  const identity = { platform: "link", identifier: "anna" };
  assert.deepEqual(requests, [
    { path: "api/session", method: "POST", body: identity, token: undefined },
    { path: "api/finish", method: "POST", body: { series: 2 }, token: "Bearer T0KEN" },
  ]);
});

test("who waits for a server that is away is told so, and who answers trials meanwhile is not", async () => {
  const backend = new ServerBackend();
  const told = (backend.onAway = mock.fn());
  replies = ["away", 503];
  await backend.arrive({ platform: "link", identifier: "anna" });
  assert.deepEqual(
    told.mock.calls.map(({ arguments: [reason] }) => reason),
    ["api/arrival: no connection", "api/arrival: the host fails (503)"],
  );
  replies = ["away"];
  backend.submit(answer(0));
  await backend.finish();
  assert.equal(told.mock.callCount(), 2);
});

test("answers are sent in order, and all of them before the end", async () => {
  const backend = await entered();
  for (let index = 0; index < 250; index++) backend.submit(answer(index));
  assert.deepEqual(await backend.finish(), { passed: true });
  assert.deepEqual(
    sent().flat(),
    Array.from({ length: 250 }, (_, index) => answer(index)),
  );
  assert.ok(sent().every((answers) => answers.length <= 100));
  assert.equal(requests.at(-1).path, "api/finish");
});

test("answers are sent again until the server has them", async () => {
  const backend = await entered();
  replies = ["away", 503, 500];
  backend.submit(answer(0));
  await backend.finish();
  assert.deepEqual(sent(), Array(4).fill([answer(0)]));
});

test("answers that the server refuses are not sent again, and the page is told why", async () => {
  const backend = await entered();
  replies = [409];
  const refused = new Promise((resolve) => (backend.onRefused = resolve));
  backend.submit(answer(0));
  const error = await refused;
  assert.deepEqual([error.status, error.message], [409, "api/answers: the reason"]);
  await backend.finish();
  backend.submit(answer(1));
  await backend.finish();
  assert.deepEqual(sent(), [[answer(0)], [answer(1)]]);
});

test("a preview stores nothing", async () => {
  const backend = new PreviewBackend();
  assert.deepEqual(await backend.arrive(), { finished: null, full: false });
  await backend.enter();
  backend.submit(answer(0));
  assert.equal((await backend.finish()).code, "PREVIEW");
  assert.deepEqual(
    requests.map(({ path }) => path),
    ["api/preview"],
  );
});
