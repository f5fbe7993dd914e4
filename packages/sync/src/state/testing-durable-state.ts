/** Runs with a folder argument: commits to a state in it twice, and prints a line each time. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "./sync-state.ts";

const [, , folder = ""] = process.argv;
const state = new SyncState(new DatabaseSync(join(folder, "state.sqlite")), "root" as NodeId);
for (const token of ["first", "second"]) {
  state.commit({ cursor: { token, epoch: "e", seq: 1 } });
  writeSync(1, `${token}\n`);
}
