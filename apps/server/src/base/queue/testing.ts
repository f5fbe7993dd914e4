import { randomBytes } from "node:crypto";
import { bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { MessageRow } from "../db/queue-tables.ts";
import type { Shard, Shards } from "../db/shards.ts";
import { makeTestClock, type TestClock } from "../../features/accounts/testing.ts";
import type { Log } from "../operation/log.ts";
import { enqueue, type Message } from "./enqueue.ts";
import type { Kinds } from "./kind.ts";
import type { OpenNeighbours } from "./neighbours.ts";
import { openQueue, type Queue } from "./open-queue.ts";

export interface TestQueue {
  readonly queue: Queue;
  readonly clock: TestClock;
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[];
}

/** Opened like in one process, with a fixed clock and no jitter. */
export function openTestQueue(
  shards: Shards,
  kinds: Kinds,
  clock = makeTestClock(),
  neighbours?: OpenNeighbours,
): TestQueue {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const options = neighbours === undefined ? {} : { neighbours };
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const steady = { all: () => shards.all(), onAdded: () => {} };
  return { queue: openQueue({ ...options, shards: steady, clock, log, kinds, random: () => 0 }), clock, lines };
}

export async function enqueueOn(shard: Shard, ...messages: readonly Message[]): Promise<void> {
  await shard.db.transaction().execute(async (transaction) => {
    for (const message of messages) await enqueue(transaction, message);
  });
}

export async function messagesOn({ db }: Shard): Promise<Required<SelectedMessage>[]> {
  const { rows } = await sql<SelectedMessage>`select * from shard.messages order by number`.execute(db);
  return rows;
}

type SelectedMessage = {
  [Name in keyof MessageRow]: MessageRow[Name] extends { __select__: infer T } ? T : MessageRow[Name];
};

/** Account in the first or second half of the buckets. */
export function newUserId(half: 0 | 1): UserId {
  return makeId<UserId>(toBucket(half * (bucketCount / 2) + 7), Date.now(), randomBytes(8));
}
