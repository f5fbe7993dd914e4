import { enqueue } from "../../base/queue/enqueue.ts";
import type { JournalEntry, Work } from "./work.ts";

/** Kind of the message after which a guest's deletions are counted. */
export const guestDeletionsKind = "guest_deletions";

/** @returns true if a message was enqueued */
export async function reportDeletions({
  reader,
  space,
  changes,
}: Pick<Work, "reader" | "space" | "changes">): Promise<boolean> {
  const deletions = changes.journal.filter((entry) => entry.actor !== space.owner_id && isDeletion(entry));
  for (const actor of new Set(deletions.map((entry) => entry.actor))) {
    const payload = { space_id: space.id, actor };
    await enqueue(reader, { kind: guestDeletionsKind, key: `${space.id} ${actor}`, payload });
  }
  return deletions.length > 0;
}

/** True for moves to the trash, except by a rewind. */
function isDeletion({ kind, from_trashed_at, of_mount, rewind_id }: JournalEntry): boolean {
  return kind === "gone" && from_trashed_at === null && !of_mount && rewind_id === null;
}
