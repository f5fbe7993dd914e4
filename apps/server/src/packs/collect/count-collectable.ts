import { sql } from "kysely";
import { isNeeded } from "../index/needed-copies.ts";
import { agoMicros, type CollectPorts } from "./collect-ports.ts";
import { arePacksPinned } from "./pack-pins.ts";

/** Counts what a run would free now. Indexes: blocks_doomed, packs_emptied. */
export async function countCollectable(ports: CollectPorts): Promise<Collected> {
  const { db } = ports.cell;
  const { doomedMs, packsMs } = ports.retention;
  const { rows } = await sql<Collected>`
    select count(*) as packs, coalesce(sum(size), 0) as bytes,
      (select count(*) from cell.blocks as block
        where state = 'doomed' and doomed_at <= ${agoMicros(ports, doomedMs)}::int8 and not ${isNeeded}) as blocks
    from cell.packs where state = 'doomed' and emptied_at <= ${agoMicros(ports, packsMs)}::int8`.execute(db);
  const due = rows[0] ?? { bytes: 0, blocks: 0, packs: 0 };
  return (await arePacksPinned(db, ports.clock.nowMicros())) ? { ...due, bytes: 0, packs: 0 } : due;
}

export interface Collected {
  /** Bytes of deleted pack objects. */
  readonly bytes: number;
  readonly blocks: number;
  readonly packs: number;
}
