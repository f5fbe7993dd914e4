import assert from "node:assert/strict";
import { test } from "node:test";
import { addNotice, noticesOf } from "./notices.ts";
import type { SyncState } from "./sync-state.ts";

test("the newest of many notices of one kind are kept, and all of other kinds", () => {
  let stored: string | undefined;
  const state: Pick<SyncState, "setting" | "commit"> = {
    setting: () => stored,
    commit: ({ settings = [] }) => void (stored = [...settings][0]?.[1]),
  };
  addNotice(state, { atMs: 0, path: "damaged", code: "maybe_damaged", counts: [] });
  for (let index = 0; index < 60; index += 1)
    addNotice(state, { atMs: 1, path: `kept ${index}`, code: "not_deleted", counts: [0] });
  const paths = noticesOf(state, 1).map(({ path }) => path);
  assert.deepEqual([paths.length, paths[0], paths[1], paths.at(-1)], [51, "damaged", "kept 10", "kept 59"]);
});
