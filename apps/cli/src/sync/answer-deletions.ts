import { Brakes } from "@holdfast/sync/brakes/brakes";
import type { KnownSync } from "./known-syncs.ts";
import { recordAnswer } from "./last-status.ts";
import { changeState } from "./stopped-state.ts";

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
    () => recordAnswer(sync, action, ids),
  );
}
