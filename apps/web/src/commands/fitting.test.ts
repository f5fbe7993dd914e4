import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "./fitting.ts";

const commands = ["Move to…", "Move to trash", "Empty trash…", "Grundstück öffnen"];
const found = (query: string) => fitting(commands, (label) => label, query);

test("a command matches if its label contains every word, ignoring case and accents", () => {
  assert.deepEqual(found("TRASH move"), ["Move to trash"]);
  assert.deepEqual(found("offnen"), ["Grundstück öffnen"]);
  assert.deepEqual(found("nothing like it"), []);
});

test("labels that start with the text come first, and empty text returns all commands in order", () => {
  assert.deepEqual(found(" "), commands);
  assert.deepEqual(
    fitting(["Select tiles", "Tiles"], (label) => label, "tiles"),
    ["Tiles", "Select tiles"],
  );
});
