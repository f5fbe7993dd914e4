import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { withNotes } from "./help-notes.ts";

test("notes below the options wrap to the width of the terminal, with their descriptions aligned", () => {
  let shown = "";
  const command = withNotes(new Command("try"), [
    "A file put to an existing folder goes inside under its own name.",
    ["name", "as others see it"],
    ["auto-mount", "on or off: what others share appears in your root by itself"],
  ]).configureOutput({ getOutHelpWidth: () => 60, writeOut: (text) => void (shown += text) });
  command.outputHelp();
  assert.deepEqual(shown.trimEnd().split("\n").slice(-5), [
    "A file put to an existing folder goes inside under its own",
    "name.",
    "  name        as others see it",
    "  auto-mount  on or off: what others share appears in your",
    "              root by itself",
  ]);
});
