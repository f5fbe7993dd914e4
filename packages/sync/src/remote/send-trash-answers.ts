import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Brakes } from "../brakes/brakes.ts";
import type { BatchResult } from "@holdfast/sync-ports/ports";
import { concernsElement } from "../general/bisect.ts";
import type { SendContext } from "./send-context.ts";

interface TrashAnswerContext extends Pick<SendContext, "server" | "state" | "random"> {
  readonly brakes: Pick<Brakes, "undoAlone">;
}

/**
 * Sends decisions about trashed or purged items, so that other devices do not ask again. A refused approval means
 * another state by now. After a refused restore, the item is uploaded from here.
 * @returns true if something was sent, so that the journal has more
 */
export async function sendTrashAnswers({ server, state, random, brakes }: TrashAnswerContext): Promise<boolean> {
  const answers = [...state.answers].slice(0, limits.batchOperationsMax);
  if (answers.length === 0 || state.cursor === undefined) return false;
  const operations = answers.map(([file_id, op]) => {
    const asked = { operation_id: Buffer.from(random(16)).toString("hex"), file_id };
    if (op === "restore") return { op, ...asked } as const;
    // The server finds a purged item in the journal by this number.
    const seen = state.remote.get(file_id)?.seq;
    return { op, ...asked, ...(seen === undefined ? {} : { seen }) } as const;
  });
  const results = await server.commit(state.cursor.epoch, operations, []).then(
    (answer) => answer.results,
    (error: unknown): readonly BatchResult[] => {
      const isForbidden = error instanceof HoldfastError && error.code === "forbidden";
      if (!isForbidden && !concernsElement(error)) throw error;
      return [];
    },
  );
  const done = new Set(results.flatMap(({ operation_id, status }) => (status === "committed" ? [operation_id] : [])));
  for (const { op, operation_id, file_id } of operations)
    if (op === "restore" && !done.has(operation_id)) brakes.undoAlone(file_id);
  state.commit({ answers: answers.map(([id]) => [id, undefined] as const) });
  return true;
}
