import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { enLater } from "../../messages/en-later.ts";
import { en } from "../../messages/en.ts";
import { makeMessages } from "../../messages/messages.ts";
import { actionWords } from "./audit-words.ts";

const words = makeMessages({ ...en, ...enLater }, "en-GB");

test("every audited action has words, and an unknown action keeps its name", () => {
  // Read as text, because the app may not import the server.
  const rules = readFileSync(join(import.meta.dirname, "../../../../server/src/edge/route-audit.ts"), "utf8");
  const actions = Array.from(
    rules.matchAll(/\b(?:reads|writes|decides)\(\s*"([a-z_.]+)"/g),
    ([, action = ""]) => action,
  );
  assert.ok(actions.length > 100, "the rules are not found any more");
  assert.deepEqual(
    actions.filter((action) => actionWords(action, words) === action),
    [],
  );
  assert.equal(actionWords("file.read", words), "File read");
  assert.equal(actionWords("tide.turn", words), "tide.turn");
});
