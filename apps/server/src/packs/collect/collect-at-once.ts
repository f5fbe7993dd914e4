import { sql } from "kysely";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { chooseDead } from "./choose-shrunk.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { deletePacks } from "./delete-packs.ts";
import { doomBlocks } from "./doom-blocks.ts";
import { arePacksPinned } from "./pack-pins.ts";
import { removeBlocks } from "./remove-blocks.ts";
import { rewritePacks } from "./rewrite-packs.ts";

/**
 * Deletes everything unneeded without waiting periods, and rewrites every pack with a dead byte. Backups and index
 * rebuilds still prevent deletion. The waiting periods are only an additional safeguard to the checks of each step, so
 * needed data stays safe.
 * @returns what must end before all data that was dead at the start is gone; undefined if all is gone
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
    // An unreadable pack stays unchanged.
    packs = left.length < packs.length || left[0]?.id !== packs[0]?.id ? left : [];
  }
  const emptiedAt = ports.clock.nowMicros();
  await deletePacks(ports);
  return findLeft(ports, { startedAt, doomedAt, emptiedAt });
}

/** Times by which each step's work must have existed, in microseconds since 1970. Later work is ignored. */
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
