import { HoldfastError } from "@holdfast/core/errors";
import type { Actor } from "../actor.ts";

/** Awaits work that may exceed the quota, and removes figures from the error that the actor may not see. */
export async function tellingRoom<Result>(actor: Pick<Actor, "owns">, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw withoutFigures(actor, error);
  }
}

/** Removes the size and free bytes of another owner's space, which people it is shared with may not learn. */
export function withoutFigures({ owns }: Pick<Actor, "owns">, error: unknown): unknown {
  if (owns || !(error instanceof HoldfastError) || error.code !== "quota") return error;
  const complete = error.body["complete"] === true ? { body: { complete: true } } : {};
  return new HoldfastError(
    "quota",
    "The owner of this folder does not have enough space for this. Ask them to free some.",
    complete,
  );
}
