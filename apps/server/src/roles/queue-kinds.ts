import type { Kinds } from "../queue/kind.ts";

/** What works the messages of the queue, by the name of their kind. A name stays for as long as messages of it may wait. */
export function queueKinds(): Kinds {
  return {};
}
