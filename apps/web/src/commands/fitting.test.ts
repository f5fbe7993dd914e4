import assert from "node:assert/strict";
import { test } from "node:test";
import { fitting } from "./fitting.ts";

const commands = ["Move to…", "Move to trash", "Empty trash…", "Grundstück öffnen"];
const found = (query: string) => fitting(commands, (label) => label, query);

test("each word has to be somewhere, in any case and with or without its marks", () => {
  assert.deepEqual(found("TRASH move"), ["Move to trash"]);
  assert.deepEqual(found("offnen"), ["Grundstück öffnen"]);
  assert.deepEqual(found("nothing like it"), []);
});

test("what begins so comes first, and nothing typed is everything in its order", () => {
  assert.deepEqual(found(" "), commands);
  assert.deepEqual(
    fitting(["Select tiles", "Tiles"], (label) => label, "tiles"),
    ["Tiles", "Select tiles"],
  );
});
