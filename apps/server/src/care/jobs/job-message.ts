import { toBucket } from "@holdfast/core/ids";
import { z } from "zod";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { startMessageKind } from "../../packs/facts/stored-jobs.ts";
import type { Jobs } from "./periodic-jobs.ts";

/** Jobs whose requested work is stored first, so that each run finds it. */
const requested = z.enum(["gc", "move-buckets", "rebuild-index", "scrub", "shred", "verify-copies"]);
const payload = z.object({ name: requested });

export type RequestedJob = z.output<typeof requested>;

interface OrderPorts {
  readonly shards: Shards;
  readonly kick: (shard: Shard) => void;
}

/** Call after the work is stored: a worker then runs the job immediately, and not only when it is due. */
export async function orderJob({ shards, kick }: OrderPorts, name: RequestedJob): Promise<void> {
  const shard = shards.of(toBucket(0));
  await enqueue(shard.db, { kind: startMessageKind, key: name, payload: { name } });
  kick(shard);
}

export function jobKinds(jobs: () => Jobs) {
  const job: Kind<z.output<typeof payload>> = {
    schema: payload,
    // The message ends before the run, which may take days. If the process dies, the job's schedule finds the work.
    work: async ({ name }) => jobs().look(name),
  };
  return { job };
}
