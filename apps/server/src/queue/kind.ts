import type { MessageId } from "@holdfast/core/ids";
import type { z } from "zod";

/** What works the messages of one kind. */
export interface Kind<Payload = unknown> {
  /** A payload that it refuses is dead at once. */
  readonly schema: z.ZodType<Payload>;
  /**
   * Does what the message says. It may run twice, also where it resolved before: whoever died between the work and the note that
   * it is done cannot tell. Whatever it throws is tried again after growing delays, but for a HoldfastError `failed`: that message
   * is dead at once.
   */
  work(payload: Payload, attempt: Attempt): Promise<void>;
  /** After the last attempt: the message is dead. */
  givenUp?(payload: Payload): Promise<void>;
  /** At most so many at once, in a process and shard. 4 unless told. */
  readonly concurrency?: number;
  /**
   * At most so many at once of messages with the same text in this field of the payload. It counts for all processes of a shard, but for
   * those that claim at the same moment.
   */
  readonly perOwner?: { readonly field: string; readonly most: number };
  /** An attempt that fails so long after the first one began is the last. A day unless told. */
  readonly ageMsMax?: number;
  /** The longest delay between two attempts. An hour unless told. */
  readonly delayMsMax?: number;
}

export interface Attempt {
  /** The message's; of a task also the task's. Stays the same from attempt to attempt. */
  readonly id: MessageId;
  /** Counts from 1. */
  readonly attempt: number;
  /** The process is about to end, or another one has taken the message over. What throws then counts as no attempt. */
  readonly signal: AbortSignal;
}

export type Kinds = Readonly<Record<string, Kind>>;

export const concurrencyUsual = 4;
export const ageMsMaxUsual = 24 * 3600_000;
const delayMsMaxUsual = 3600_000;
const delayMsMin = 5000;

/**
 * 5 s, doubled with each attempt, up to the kind's longest.
 * @param attempts how many there were, at least 1
 * @param random 0 to 1: up to a fifth more, so that what failed together is not tried together
 */
export function delayMsAfter(attempts: number, random: number, delayMsMax: number = delayMsMaxUsual): number {
  return Math.min(delayMsMin * 2 ** (attempts - 1), delayMsMax) * (1 + random / 5);
}
