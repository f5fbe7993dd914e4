import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { Drive } from "../../../data/drive.ts";
import { Overlay } from "../../../data/overlay.ts";
import { testRow } from "../../../data/testing.ts";
import { UndoStack } from "../../../data/undo.ts";
import { currentToasts, hideToasts } from "../../../design/toasts.ts";
import { startMessages } from "../../../messages/use-messages.ts";
import { act } from "./act-runner.ts";
import { stepsToTrash } from "./file-steps.ts";

before(async () => {
  // The words set the language of the page.
  Object.assign(globalThis, { document: { documentElement: {} } });
  await startMessages();
});

test("a result that arrives after another account has signed in shows no toast and offers no undo", async () => {
  for (const [account, outcome] of [
    ["a", "committed"],
    ["b", "committed"],
    ["b", "error"],
  ] as const) {
    let now = "a";
    const node = { id: "1", name: "Plans", parent_id: "home", revision: "2" };
    const client = {
      call: () => {
        now = account;
        return Promise.resolve({ results: [{ status: outcome, code: "conflict", node }] });
      },
    };
    const undo = new UndoStack({ nowMs: () => 0, whoChanged: () => Promise.resolve(undefined) });
    const reach = { getSnapshot: () => false };
    const folders = { take: () => {} };
    const drive = { client, reach, folders, overlay: new Overlay(), undo, account: () => now } as unknown as Drive;
    const subject = { id: "1", name: "Plans", parentId: "home", revision: "1" };
    const known = new Map([["1", { subject, row: testRow("Plans", { id: "1" }) }]]);
    await act(drive, stepsToTrash([subject]), known, () => "Plans moved to Trash");
    const isShown = account === "a";
    assert.deepEqual(
      currentToasts().map(({ text }) => text),
      isShown ? ["Plans moved to Trash"] : [],
    );
    assert.equal(undo.getSnapshot().undo !== undefined, isShown);
    hideToasts();
  }
});
