import { backoffMs } from "@holdfast/core/backoff";
import type { MessageId } from "@holdfast/core/ids";
import type { z } from "zod";

export interface Kind<Payload = unknown> {
  /** A message whose payload does not match is dead immediately. */
  readonly schema: z.ZodType<Payload>;
  /**
   * May run twice, even after it resolved, because a crash can precede the note that it is done. Errors are retried
   * with growing delays. A HoldfastError `failed` makes the message dead immediately.
   */
  work(payload: Payload, attempt: Attempt): Promise<void>;
  /** Called when the message is dead after its last attempt. */
  givenUp?(payload: Payload): Promise<void>;
  /** Maximum in parallel in a process and shard. Defaults to 4. */
  readonly concurrency?: number;
  /**
   * Maximum in parallel of messages with the same value in this payload field, on all processes of a shard.
   * Simultaneous claims may exceed it.
   */
  readonly perOwner?: { readonly field: string; readonly most: number };
  /** A failure this long after the first attempt is final. Defaults to a day. */
  readonly ageMsMax?: number;
  /** Longest delay between attempts. Defaults to an hour. */
  readonly delayMsMax?: number;
}

export interface Attempt {
  /** Id of the message and of its task, for all attempts. */
  readonly id: MessageId;
  /** Starts at 1. */
  readonly attempt: number;
  /** Aborts if the process ends or another one takes over. Errors after that do not count as an attempt. */
  readonly signal: AbortSignal;
}

export type Kinds = Readonly<Record<string, Kind>>;

export const concurrencyUsual = 4;
export const ageMsMaxUsual = 24 * 3600_000;
const delayMsMaxUsual = 3600_000;
const delayMsFirst = 5000;

/**
 * 5 s, doubled with each attempt, up to the kind's maximum.
 * @param attempts number so far, at least 1
 * @param random 0 to 1, adds up to a fifth to spread retries
 */
export function delayMsAfter(attempts: number, random: number, delayMsMax: number = delayMsMaxUsual): number {
  return backoffMs({ firstMs: delayMsFirst, maxMs: delayMsMax }, attempts) * (1 + random / 5);
}
