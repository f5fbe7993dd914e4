import { HoldfastError } from "@holdfast/core/errors";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { releaseKinds } from "../../packs/index/release-kind.ts";
import { type CollectionOptions, collectNow } from "../../care/jobs/collect-now.ts";
import { reportMended } from "../../care/jobs/report-mended.ts";
import { openLog } from "../../base/operation/log.ts";
import { openQueue } from "../../base/queue/open-queue.ts";
import type { AdminStorage } from "../../care/admin-storage/open-admin-storage.ts";

/**
 * Works the shards' messages to their cells, which nobody does without a server. With a server, its first process does
 * it.
 */
export async function collectBeside(
  { databases: { shards }, clock, random, config, isServed }: AdminStorage,
  { cells, pool }: { readonly cells: BlockCells; readonly pool: BlockPool },
  options: CollectionOptions,
) {
  if (options.unfinished === true && isServed) throw servedBeside();
  const log = openLog("error");
  const onMended = reportMended(log, { countersMended: () => {} });
  const parts = { shards, cells, pool, clock, random, log, settings: config.retention, onMended };
  if (options.dryRun) return collectNow({ ...parts, kick: () => {} }, options);
  const queue = openQueue({ shards, clock, log, kinds: releaseKinds({ cells, clock }) });
  try {
    const collected = await collectNow({ ...parts, kick: (shard) => queue.kick(shard) }, options);
    await queue.idle();
    return collected;
  } finally {
    await queue.stop();
  }
}

/** Only the server's own settings determine which uploads are in use. */
function servedBeside(): HoldfastError {
  const message =
    "A server runs on this data, and only it knows which uploads are in use. Run 'holdfast admin gc --unfinished' without --data, signed in as an administrator.";
  return new HoldfastError("conflict", message);
}
