import { randomBytes } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import type { Shard, Shards } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import type { Kinds } from "./kind.ts";
import { lockedWorker, type OpenNeighbours } from "./neighbours.ts";
import { ShardWorker } from "./shard-worker.ts";

export interface QueueOptions {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly log: Log;
  /** By name. A message of a kind that is not here waits for a process that knows it. */
  readonly kinds: Kinds;
  /** 0 to 1, for what processes must not do all at once. */
  readonly random?: () => number;
  /** Throws while nothing may be worked. */
  readonly assertMayRun?: () => void;
  /** How it is known that another process has died. */
  readonly neighbours?: OpenNeighbours;
}

export interface Queue {
  /** A message was committed on the shard: look now. Costs nothing where a look is under way. */
  kick(shard: Shard): void;
  /** Looks until nothing is due on any shard, and all that this process works is over. */
  idle(): Promise<void>;
  /** Begins no more, tells what runs to end, and gives back what does not end soon. */
  stop(): Promise<void>;
}

/**
 * Works the messages of all shards. Any number of processes may: each message is claimed by one, for as long as that gives signs of
 * life. At rest each process asks each shard once in ten seconds; what another one left behind it finds within two, where there may be
 * another.
 */
export function openQueue({ shards, random = Math.random, assertMayRun = () => {}, ...options }: QueueOptions): Queue {
  const hex = randomBytes(8).toString("hex");
  const id = options.neighbours === undefined ? hex : lockedWorker(hex);
  const workers = new Map(
    shards.all().map((shard) => [shard, new ShardWorker(shard, { ...options, random, assertMayRun, id })]),
  );
  for (const worker of workers.values()) worker.kick();
  const all = [...workers.values()];
  return {
    kick: (shard) => workers.get(shard)?.kick(),
    idle: async () => {
      // What is worked on one shard may put a message on another.
      for (let worked = true; worked;) {
        worked = false;
        for (const worker of all) if (await worker.idle()) worked = true;
      }
    },
    stop: async () => {
      await Promise.all(all.map((worker) => worker.stop()));
    },
  };
}
