import type { Clock } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import type { Kysely } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Log } from "../operation/log.ts";
import { ageMsMaxUsual, delayMsAfter, type Kinds } from "./kind.ts";
import { bury, type Claimed, putBack, removeDone } from "./message-rows.ts";

export interface SettleParts {
  readonly db: Kysely<ShardTables>;
  readonly clock: Clock;
  readonly log: Log;
  readonly kinds: Kinds;
  readonly random: () => number;
}

/** Stores the result: removed, waiting for a retry, or dead. @throws errors of the database */
export async function settle(parts: SettleParts, message: Claimed, signal: AbortSignal): Promise<void> {
  const { db, kinds } = parts;
  const kind = kinds[message.kind];
  const parsed = kind?.schema.safeParse(message.payload, { error: issueWords });
  if (kind === undefined || parsed?.success !== true) {
    const why = parsed?.error === undefined ? "The kind is unknown" : firstProblem(parsed.error, "The payload");
    await giveUp(parts, message, `${why}.`);
    return;
  }
  try {
    await kind.work(parsed.data, { id: message.id, attempt: message.attempts, signal });
  } catch (error) {
    if (signal.aborted) await putBack(db, message, { dueMicros: 0, uncounted: true });
    else if (error instanceof HoldfastError && error.code === "failed") await giveUp(parts, message, error.message);
    else await retryOrGiveUp(parts, message, toHoldfastError(error).message);
    return;
  }
  await removeDone(db, message);
}

/** The message waits longer, or is dead if it is too old. */
export async function retryOrGiveUp(parts: SettleParts, message: Claimed, reason: string): Promise<void> {
  const { ageMsMax = ageMsMaxUsual, delayMsMax } = parts.kinds[message.kind] ?? {};
  const nowMicros = parts.clock.nowMicros();
  if (nowMicros - message.triedAt >= ageMsMax * 1000) return giveUp(parts, message, reason);
  const problem = shortened(reason);
  const delayMs = delayMsAfter(message.attempts, parts.random(), delayMsMax);
  await putBack(parts.db, message, { dueMicros: nowMicros + Math.round(delayMs * 1000), problem });
  parts.log.debug({ kind: message.kind, id: message.id, attempts: message.attempts, problem }, "a message failed");
}

async function giveUp({ db, clock, log, kinds }: SettleParts, message: Claimed, reason: string): Promise<void> {
  const problem = shortened(reason);
  if (!(await bury(db, message, problem, clock.nowMicros()))) return;
  log.error(
    { kind: message.kind, id: message.id, attempts: message.attempts, reason: problem },
    "a message failed permanently; see `holdfast admin jobs ls --dead`",
  );
  const kind = kinds[message.kind];
  const parsed = kind?.schema.safeParse(message.payload);
  if (parsed?.success !== true) return;
  try {
    await kind?.givenUp?.(parsed.data);
  } catch (error) {
    log.error(
      { kind: message.kind, id: message.id, error },
      "administrators could not be notified that a message failed permanently",
    );
  }
}

const problemCharsMax = 500;

function shortened(reason: string): string {
  return reason.slice(0, problemCharsMax);
}
