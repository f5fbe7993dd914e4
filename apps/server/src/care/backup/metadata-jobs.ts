import { toHoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { SnapshotSettings } from "../../base/config/snapshot-settings.ts";
import type { PeriodicJob } from "../jobs/periodic-jobs.ts";
import type { Log } from "../../base/operation/log.ts";
import type { MetadataCopy } from "./metadata-copy.ts";
import { snapshotSlots } from "./take-snapshot.ts";

export interface MetadataJobsParts {
  readonly cell: BlockCell;
  readonly copy: MetadataCopy;
  readonly settings: SnapshotSettings;
  readonly log: Log;
}

const lookMs = 60_000;

/** If snapshots are disabled, one job removes the replication slot. */
export function metadataJobs({ cell, copy, settings, log }: MetadataJobsParts): PeriodicJob[] {
  const { snapshotMs, journalMs } = settings;
  const said = sayingOnce(log);
  if (snapshotMs === undefined) return [{ name: "snapshot-metadata", everyMs: lookMs, run: () => dropSlot(cell) }];
  const jobs: PeriodicJob[] = [
    {
      name: "snapshot-metadata",
      everyMs: Math.min(snapshotMs, lookMs),
      run: (signal) => said("no metadata snapshot can be written to the store", signal, () => copy.snapshot(signal)),
    },
  ];
  if (journalMs === undefined) return jobs;
  const journal: PeriodicJob = {
    name: "journal-metadata",
    everyMs: journalMs,
    run: (signal) => said("the metadata log cannot be written to the store", signal, () => copy.journal(signal)),
  };
  return [...jobs, journal];
}

/** Without this, the database would keep its log forever. */
async function dropSlot({ db }: BlockCell): Promise<void> {
  await sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots
    where slot_name = ${snapshotSlots.archive} and not active`.execute(db);
}

/** Logs once, not every minute while a store is unavailable. */
function sayingOnce(log: Log) {
  const complaints = new Map<string, string>();
  return async (what: string, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      if (complaints.delete(what)) log.info({}, `over: ${what}`);
    } catch (error) {
      if (signal.aborted) return;
      const { message } = toHoldfastError(error);
      if (complaints.get(what) !== message) log.warn({ reason: message }, what);
      complaints.set(what, message);
    }
  };
}
