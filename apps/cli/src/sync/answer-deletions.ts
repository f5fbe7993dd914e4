import { Brakes } from "@holdfast/sync/brakes/brakes";
import type { KnownSync } from "./known-syncs.ts";
import { answeredWords } from "./group-deletions.ts";
import { recordAnswer } from "./last-status.ts";
import type { WaitingDeletion } from "./report.ts";
import { changeState } from "./stopped-state.ts";
import { SyncLog } from "./sync-log.ts";

/**
 * Answers waiting deletions while the client is not running. The next run applies the answer, and until then nothing
 * changes. An undo includes deletions whose approval no run has applied yet.
 * @returns the deletions to which the answer applies
 * @throws HoldfastError as `changeState`
 */
export async function answerDeletions(
  sync: KnownSync,
  action: "approve" | "undo",
  ids: readonly string[],
): Promise<readonly WaitingDeletion[]> {
  let answered: readonly WaitingDeletion[] = [];
  await changeState(
    sync,
    (state) => {
      const brakes = new Brakes(state, sync.record.brake ?? undefined, () => Date.now());
      const withdrawn: ReadonlySet<string> = action === "undo" ? brakes.withdraw(ids) : new Set();
      brakes[action](ids);
      return withdrawn;
    },
    async (withdrawn) => {
      answered = await recordAnswer(sync, action, ids, withdrawn);
      if (answered.length === 0) return;
      const log = new SyncLog(sync.folder);
      log.note(Date.now(), action === "approve" ? "approved" : "undone", "", answeredWords(answered));
      await log.end();
    },
  );
  return answered;
}
