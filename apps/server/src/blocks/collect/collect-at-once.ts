import { sql } from "kysely";
import { isIndexComplete } from "../cell-facts.ts";
import { chooseDead } from "./choose-shrunk.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { deletePacks } from "./delete-packs.ts";
import { doomBlocks } from "./doom-blocks.ts";
import { arePacksPinned } from "./pack-pins.ts";
import { removeBlocks } from "./remove-blocks.ts";
import { rewritePacks } from "./rewrite-packs.ts";

/**
 * All that nobody needs goes at once and whole: no step waits for its time, and every pack with a dead byte is written anew. What keeps
 * objects (a backup, an index that is being rebuilt) keeps them still. The times are a net below the looks that each step takes, not a part
 * of them, so what somebody needs is as safe as ever.
 * @returns what has to be over before nothing is left of what was dead when it began; undefined: nothing is left
 */
export async function collectAtOnce(given: Omit<CollectPorts, "retention">): Promise<string | undefined> {
  const ports: CollectPorts = { ...given, retention: { blocksMs: 0, doomedMs: 0, packsMs: 0 } };
  const { db } = ports.cell;
  if (!(await isIndexComplete(db))) return "the rebuild of the block index";
  const startedAt = ports.clock.nowMicros();
  await doomBlocks(ports);
  const doomedAt = ports.clock.nowMicros();
  await removeBlocks(ports);
  for (let packs = await chooseDead(db, startedAt); packs.length > 0;) {
    await rewritePacks(ports, packs);
    const left = await chooseDead(db, startedAt);
    // A pack that cannot be read whole stays as it is.
    packs = left.length < packs.length || left[0]?.id !== packs[0]?.id ? left : [];
  }
  const emptiedAt = ports.clock.nowMicros();
  await deletePacks(ports);
  return findLeft(ports, { startedAt, doomedAt, emptiedAt });
}

/** When what was to be done by then, as microseconds since 1970. What came later is not what this was about. */
interface Times {
  readonly startedAt: number;
  readonly doomedAt: number;
  readonly emptiedAt: number;
}

async function findLeft({ cell: { db }, clock }: CollectPorts, times: Times): Promise<string | undefined> {
  const { startedAt, doomedAt, emptiedAt } = times;
  const { rows } = await sql<{ copies: number; dead: number; doomed: number }>`
    select
      (select count(*) from cell.blocks where state = 'doomed' and doomed_at <= ${doomedAt}::int8
        or state <> 'doomed' and unreferenced_since <= ${startedAt}::int8) as copies,
      (select count(*) from cell.packs
        where state = 'live' and live_bytes < packed_bytes and created_at <= ${startedAt}::int8) as dead,
      (select count(*) from cell.packs where state = 'doomed' and emptied_at <= ${emptiedAt}::int8) as doomed`.execute(
    db,
  );
  const { copies = 0, dead = 0, doomed = 0 } = rows[0] ?? {};
  if (doomed > 0 && (await arePacksPinned(db, clock.nowMicros()))) return "a running backup";
  if (copies + dead + doomed === 0) return undefined;
  return `${copies + dead + doomed} packs or blocks that cannot be rewritten because part of them is unreadable (run 'holdfast admin scrub --now')`;
}
