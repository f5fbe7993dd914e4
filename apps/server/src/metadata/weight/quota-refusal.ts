import { HoldfastError } from "@holdfast/core/errors";
import type { Actor } from "../actor.ts";

/** Waits for what may be refused for want of room, and tells the actor no more of that than is its business. */
export async function tellingRoom<Result>(actor: Pick<Actor, "owns">, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw withoutFigures(actor, error);
  }
}

/** How much somebody else's space has, and how much of that is left, is not for those with whom a part of it is shared. */
export function withoutFigures({ owns }: Pick<Actor, "owns">, error: unknown): unknown {
  if (owns || !(error instanceof HoldfastError) || error.code !== "quota") return error;
  const complete = error.body["complete"] === true ? { body: { complete: true } } : {};
  return new HoldfastError(
    "quota",
    "The owner of this folder does not have enough space for this. Ask them to free some.",
    complete,
  );
}
