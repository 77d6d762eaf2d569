import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";
import { identity, isUnaccepted, mturkForm } from "../src/identity.js";

const HOSTS = ["https://www.mturk.com", "https://workersandbox.mturk.com"];

class Form {
  inputs = [];
  append(input) {
    this.inputs.push(input);
  }
}

function emptyStorage() {
  const stored = new Map();
  return { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
}

beforeEach(() => {
  globalThis.window = globalThis;
  globalThis.localStorage = emptyStorage();
  globalThis.crypto ??= webcrypto; // Node 18
  globalThis.document = { createElement: (tag) => (tag === "form" ? new Form() : {}) };
});

const query = (values) => new URLSearchParams(values);
const submission = (address) => query({ turkSubmitTo: address, assignmentId: "A1" });

test("each platform's own parameter says who takes part", () => {
  assert.deepEqual(identity(query({ PROLIFIC_PID: "p1" })), { platform: "prolific", identifier: "p1" });
  assert.deepEqual(identity(query({ workerId: "w1" })), { platform: "mturk", identifier: "w1" });
  assert.deepEqual(identity(query({ participant: "anna" })), { platform: "link", identifier: "anna" });
});

test("a platform's parameter comes before a name in the link", () => {
  assert.equal(identity(query({ PROLIFIC_PID: "p1", participant: "anna" })).platform, "prolific");
  assert.equal(identity(query({ workerId: "w1", participant: "anna" })).platform, "mturk");
});

test("an empty parameter is no identifier of a platform", () => {
  assert.equal(identity(query({ PROLIFIC_PID: "", workerId: "", participant: "anna" })).identifier, "anna");
  assert.match(identity(query({ participant: "" })).identifier, /^[0-9a-f]{32}$/);
});

test("a plain link gets a random name, which the browser keeps", () => {
  const { platform, identifier } = identity(query());
  assert.equal(platform, "link");
  assert.match(identifier, /^[0-9a-f]{32}$/);
  assert.equal(identity(query()).identifier, identifier);
  globalThis.localStorage = emptyStorage(); // another browser
  assert.notEqual(identity(query()).identifier, identifier);
});

test("without crypto.randomUUID, as on plain http, a plain link gets a name all the same", () => {
  const secure = crypto;
  Object.defineProperty(globalThis, "crypto", {
    value: { getRandomValues: (bytes) => secure.getRandomValues(bytes) },
    configurable: true,
  });
  assert.match(identity(query()).identifier, /^[0-9a-f]{32}$/);
  Object.defineProperty(globalThis, "crypto", { value: secure, configurable: true });
});

for (const method of ["getItem", "setItem"]) {
  test(`a browser that keeps nothing (${method}) has the name in the page's address, so that a reload finds it`, () => {
    globalThis.localStorage[method] = () => {
      throw new Error("SecurityError");
    };
    globalThis.location = { href: "https://host.example/study/?a=1" };
    globalThis.history = { replaceState: (state, title, url) => (location.href = String(url)) };
    const { identifier } = identity(query());
    const { searchParams } = new URL(location.href);
    assert.equal(searchParams.get("a"), "1");
    assert.deepEqual(identity(searchParams), { platform: "link", identifier });
  });
}

test("only MTurk's own placeholder is a task not accepted", () => {
  assert.equal(isUnaccepted(query({ assignmentId: "ASSIGNMENT_ID_NOT_AVAILABLE" })), true);
  assert.equal(isUnaccepted(query({ assignmentId: "A1" })), false);
  assert.equal(isUnaccepted(query()), false);
});

test("the assignment goes back to the MTurk host it came from, with the completion code", () => {
  const form = mturkForm("C0DE", HOSTS, submission("https://workersandbox.mturk.com/some/path?x=1"));
  assert.equal(form.method, "POST");
  assert.equal(form.action, "https://workersandbox.mturk.com/mturk/externalSubmit");
  assert.deepEqual(form.inputs, [
    { type: "hidden", name: "assignmentId", value: "A1" },
    { type: "hidden", name: "completion_code", value: "C0DE" },
  ]);
});

test("no code goes to a host that is not among those allowed, nor to what is no address", () => {
  for (const address of ["https://evil.example", "https://www.mturk.com.evil.example", "http://www.mturk.com", "x"]) {
    assert.equal(mturkForm("C0DE", HOSTS, submission(address)), null, address);
  }
});

test("there is nothing to hand back without an assignment, or without a place to hand it to", () => {
  assert.equal(mturkForm("C0DE", HOSTS, query({ turkSubmitTo: HOSTS[0] })), null);
  assert.equal(mturkForm("C0DE", HOSTS, query({ assignmentId: "A1" })), null);
});
