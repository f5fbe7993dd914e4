import { HoldfastError } from "@holdfast/core/errors";
import { answerDeletions } from "./answer-deletions.ts";
import { type Action, chosen, readLimits } from "./control-acts.ts";
import { saveRecord } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";
import { lastStatus, notRunning } from "./last-status.ts";

/**
 * What can be changed of a sync whose client does not run: how its next start will be.
 * @throws HoldfastError failed for whatever needs the client; as `answerDeletions` does
 */
export async function changeStopped(sync: KnownSync, action: Action, body?: unknown): Promise<void> {
  const { folder, record } = sync;
  switch (action) {
    case "pause":
    case "resume":
      return saveRecord(folder, { ...record, is_paused: action === "pause" });
    case "limits": {
      const { up, down } = readLimits(body);
      return saveRecord(folder, { ...record, limit_up: up, limit_down: down });
    }
    case "deletions/approve":
    case "deletions/undo": {
      const { deletions } = await lastStatus(sync);
      return answerDeletions(sync, action === "deletions/approve" ? "approve" : "undo", chosen(deletions, body));
    }
    default:
      throw new HoldfastError("failed", notRunning(record));
  }
}
