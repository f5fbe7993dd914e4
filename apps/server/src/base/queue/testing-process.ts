import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { openDatabases, type Shards } from "../db/shards.ts";
import { silentLog } from "../db/testing.ts";
import { topologySchema } from "../db/topology.ts";
import { z } from "zod";
import { openQueue } from "./open-queue.ts";

/** Process that runs only the queue and reports to its parent by messages. */
export interface QueueProcess {
  readonly worked: readonly number[];
  /** Total number that it may work, initially none. Any further one hangs. */
  mayWork(count: number): void;
  hasWorked(count: number): Promise<void>;
  /** Resolves at the start of a `hang` message, which never ends. */
  readonly hanging: Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const timeoutMs = 60_000;

type Progress = { worked: number } | "hanging";

export function startQueueProcess(shards: Shards): QueueProcess {
  const urls = shards.all().map(({ connection }) => connection.connectionString);
  const child = fork(import.meta.filename, urls.map(String));
  const worked: number[] = [];
  const events = new EventEmitter();
  const hanging = Promise.withResolvers<void>();
  child.on("message", (progress: Progress) => {
    if (progress === "hanging") hanging.resolve();
    else worked.push(progress.worked);
    events.emit("progress");
  });
  const ended = once(child, "exit");
  return {
    worked,
    mayWork: (count) => void child.send(count),
    hasWorked: async (count) => {
      while (worked.length < count) await once(events, "progress", { signal: AbortSignal.timeout(timeoutMs) });
    },
    hanging: hanging.promise,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function run(urls: readonly string[]): void {
  const [low, high] = urls;
  const topology = topologySchema.parse({
    shards: [
      { id: "low", buckets: [[0, 2047]], database_url: low },
      { id: "high", buckets: [[2048, 4095]], database_url: high },
    ],
    cells: [{ id: "main", buckets: [[0, 4095]] }],
  });
  const databases = openDatabases({ defaultConnection: {}, log: silentLog, topology });
  const send = (what: Progress) => void process.send?.(what);
  const permits = new EventEmitter();
  const numbers = { begun: 0, permitted: 0 };
  process.on("message", (count: number) => {
    numbers.permitted = count;
    permits.emit("more");
  });
  const queue = openQueue({
    shards: databases.shards,
    clock: { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 },
    log: { ...silentLog, debug: () => {} },
    kinds: {
      number: {
        schema: z.number(),
        work: async (payload) => {
          numbers.begun += 1;
          const own = numbers.begun;
          while (own > numbers.permitted) await once(permits, "more");
          send({ worked: payload as number });
        },
      },
      hang: {
        schema: z.null(),
        work: () => {
          send("hanging");
          return new Promise(() => {});
        },
      },
    },
  });
  process.once("disconnect", () => {
    void queue.stop().then(() => databases.close());
  });
}

if (import.meta.main) run(process.argv.slice(2));
