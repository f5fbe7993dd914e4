import { Brakes } from "@holdfast/sync/brakes/brakes";
import type { KnownSync } from "./known-syncs.ts";
import { answeredWords } from "./group-deletions.ts";
import { recordAnswer } from "./last-status.ts";
import { changeState } from "./stopped-state.ts";
import { SyncLog } from "./sync-log.ts";

/**
 * Says to deletions that wait what a person decided, in place of a client that does not run: its next run does it, and until then nothing is
 * done here or on the server.
 * @throws HoldfastError as `changeState` does
 */
export async function answerDeletions(
  sync: KnownSync,
  action: "approve" | "undo",
  ids: readonly string[],
): Promise<void> {
  await changeState(
    sync,
    (state) => new Brakes(state, sync.record.brake ?? undefined, () => Date.now())[action](ids),
    async () => {
      const answered = await recordAnswer(sync, action, ids);
      if (answered.length === 0) return;
      const log = new SyncLog(sync.folder);
      log.note(Date.now(), action === "approve" ? "approved" : "undone", "", answeredWords(answered));
      await log.end();
    },
  );
}
