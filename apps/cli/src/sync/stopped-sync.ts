import { HoldfastError } from "@holdfast/core/errors";
import { answerDeletions } from "./answer-deletions.ts";
import { type Action, chosen, readLimits } from "./control-acts.ts";
import { approvedIn } from "./group-deletions.ts";
import { saveRecord } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";
import { lastStatus, notRunning } from "./last-status.ts";

/**
 * Changes settings of a sync whose client is not running; they apply at its next start.
 * @throws HoldfastError failed for an action that needs the client; as `answerDeletions`
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
      await answerDeletions(sync, "approve", chosen(body, (await lastStatus(sync)).deletions));
      return;
    case "deletions/undo": {
      const last = await lastStatus(sync);
      await answerDeletions(sync, "undo", chosen(body, last.deletions, approvedIn(last)));
      return;
    }
    default:
      throw new HoldfastError("failed", notRunning(record));
  }
}
