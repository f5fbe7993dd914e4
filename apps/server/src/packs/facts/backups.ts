import type { BackupsJson } from "@holdfast/protocol/admin-routes";
import { shownAddress } from "../../base/config/shown-address.ts";
import type { Cells } from "../../base/db/shards.ts";
import { readBackupSchedule } from "./backup-schedule.ts";
import { readLastBackup } from "./last-backup.ts";
import { readLastDrill } from "./last-drill.ts";

/** A server with several cells is backed up with its databases' and stores' own tools, so the first cell suffices. */
export async function readBackups(cells: Cells): Promise<BackupsJson> {
  const [cell] = cells.all();
  if (cell === undefined) return { every_ms: null, place: null, made_at: null, drill: null };
  const [schedule, last, drill] = await Promise.all([
    readBackupSchedule(cell.db),
    readLastBackup(cell.db),
    readLastDrill(cell.db),
  ]);
  return {
    every_ms: schedule?.every_ms ?? null,
    place: last === undefined ? null : shownAddress(last.place),
    made_at: last?.consistent_at ?? null,
    drill:
      drill === undefined ? null : { tried_at: drill.tried_at, done_at: drill.done_at, problems: drill.problem_count },
  };
}
