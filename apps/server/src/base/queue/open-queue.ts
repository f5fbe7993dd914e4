import { randomBytes } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import type { ChangingShards, Shard } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import type { Kinds } from "./kind.ts";
import { lockedWorker, type OpenNeighbours } from "./neighbours.ts";
import { ShardWorker } from "./shard-worker.ts";

export interface QueueOptions {
  readonly shards: Pick<ChangingShards, "all" | "onAdded">;
  readonly clock: Clock;
  readonly log: Log;
  /** Messages of other kinds wait for a process that knows them. */
  readonly kinds: Kinds;
  /** 0 to 1, to spread the work of processes. */
  readonly random?: () => number;
  /** Throws while no work is allowed. */
  readonly assertMayRun?: () => void;
  /** Detects dead processes. */
  readonly neighbours?: OpenNeighbours;
}

export interface Queue {
  /** Looks for work now, after a commit on the shard. Free during a look. */
  kick(shard: Shard): void;
  /** Works until nothing is due on any shard and this process is idle. */
  idle(): Promise<void>;
  /** Starts nothing new, signals running work, and returns what does not end soon. */
  stop(): Promise<void>;
}

/**
 * Any number of processes share the messages. One process claims a message while its lease lasts. Idle processes check
 * each shard every ten seconds, or every two for remains of dead ones.
 */
export function openQueue({ shards, random = Math.random, assertMayRun = () => {}, ...options }: QueueOptions): Queue {
  const hex = randomBytes(8).toString("hex");
  const id = options.neighbours === undefined ? hex : lockedWorker(hex);
  const workers = new Map<Shard, ShardWorker>();
  let isStopped = false;
  const begin = (shard: Shard) => {
    if (isStopped || workers.has(shard)) return;
    const worker = new ShardWorker(shard, { ...options, random, assertMayRun, id });
    workers.set(shard, worker);
    worker.kick();
  };
  for (const shard of shards.all()) begin(shard);
  shards.onAdded(begin);
  return {
    kick: (shard) => workers.get(shard)?.kick(),
    idle: async () => {
      // Work on one shard may add a message on another.
      for (let worked = true; worked;) {
        worked = false;
        for (const worker of workers.values()) if (await worker.idle()) worked = true;
      }
    },
    stop: async () => {
      isStopped = true;
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}
