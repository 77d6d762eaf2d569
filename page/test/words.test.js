import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../src/words.js";

const game = { image_ms: 600, blank_ms: 800 };
const task = { pair_ms: 1600, gap_ms: 500 };
const result = { passed: true, more: false, code: null, returns: false };
const end = (changes) => words.end({ debriefing: "<p>Why we asked</p>" }, { ...result, ...changes });

test("the length of a series is said in whole minutes, one at least", () => {
  assert.match(words.begin.memory_game(game, 215), /215 pictures, about 5 minutes/);
  assert.match(words.begin.memory_game(game, 43), /about a minute,/);
  assert.match(words.begin.memory_game(game, 1), /about a minute,/);
  assert.match(words.begin.two_afc(task, 100), /100 pairs, about 5 minutes/);
});

test("who made mistakes in the try-out is told which, and may try again", () => {
  const both = words.tryAgain(2, 1);
  assert.match(both, /You let 2 of 3 repeats pass/);
  assert.match(both, /You pressed for a pattern that was new/);
  for (const text of [both, words.tryAgain(1, 0), words.tryAgain(0, 1)]) {
    assert.match(text, /Almost/);
    assert.match(text, /Once more/);
    assert.match(text, /<button[^>]*data-key="R">R<\/button> to try again/);
  }
  assert.doesNotMatch(words.tryAgain(1, 0), /pattern that was new/);
  assert.doesNotMatch(words.tryAgain(0, 1), /repeats pass/);
});

test("who made none goes on to the game", () => {
  assert.match(words.tryAgain(0, 0), /Well done/);
  assert.doesNotMatch(words.tryAgain(0, 0), /try again/);
});

test("who fails a series is told kindly, and not before", () => {
  assert.match(end({ passed: false }), /That happens to many people/);
  assert.doesNotMatch(end({ passed: true }), /That happens to many people/);
});

test("the end has the debriefing always, and a completion code where there is one", () => {
  for (const passed of [true, false]) assert.match(end({ passed }), /Why we asked/);
  assert.match(end({ code: "C0DE" }), /C0DE/);
  assert.doesNotMatch(end({}), /completion code|null/);
});

test("the end offers what there is to do: hand in, another series, or close the window", () => {
  const offers = (changes) =>
    ["to hand it in", "to do another series", "close the window"].filter((offer) => end(changes).includes(offer));
  assert.deepEqual(offers({}), ["close the window"]);
  assert.deepEqual(offers({ returns: true }), ["to hand it in"]);
  assert.deepEqual(offers({ more: true }), ["to do another series"]);
  assert.deepEqual(offers({ returns: true, more: true }), ["to hand it in", "to do another series"]);
});

test("a series that was finished before is told of as such, and handed in first", () => {
  const before = end({ before: true, returns: true, more: true, code: "C0DE" });
  assert.match(before, /Your last series is complete/);
  assert.ok(before.indexOf("C0DE") < before.indexOf('data-key="Enter"'));
  assert.ok(before.indexOf('data-key="Enter"') < before.indexOf('data-key="Space"'));
});

test("reasons are for the experimenter, and what a link says is text", () => {
  assert.doesNotMatch(words.failed("me@example.org", false), /experimenter/);
  assert.match(words.failed("me@example.org", "<b>404</b>"), /For the experimenter: &#60;b&#62;404/);
  const study = { participant_rule: "1 to 64 letters", contact: "me@example.org" };
  const refusal = words.misnamed(study, { identifier: "<img src=x>" });
  assert.match(refusal, /“&#60;img src=x&#62;”, but a participant is named by 1 to 64 letters/);
});

test("there are words for every status without a series", () => {
  assert.deepEqual(Object.keys(words.noSeries).sort(), ["blocked", "done", "full"]);
});

test("a break says how far one has come", () => {
  assert.match(words.pause(50, 100), /max="100" value="50"/);
  assert.match(words.pause(50, 100), /50 of 100 pairs are done/);
});
