import { HoldfastError } from "@holdfast/core/errors";
import type { BackupPlace } from "./backup-place.ts";
import { type LogPlan, planLog, verifyLog } from "./log-plan.ts";
import { listBackups, type Manifest, readManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import type { ChosenBackup } from "./restore-backup.ts";
import { verifyDatabase } from "./verify-backup.ts";

export interface ChosenSnapshot extends ChosenBackup {
  /** Damage because of which another snapshot was chosen. */
  readonly problems: readonly string[];
}

/**
 * Order: newest whole snapshot with its log, an older one whose log is whole, one without log.
 * @throws HoldfastError not_found if there is none; damaged if none is whole
 */
export async function chooseSnapshot(place: BackupPlace): Promise<ChosenSnapshot> {
  const pieces = await Pieces.open(place);
  const problems: string[] = [];
  let without: { readonly manifest: Manifest; readonly plan: LogPlan } | undefined;
  const ids = (await listBackups(place)).toReversed();
  for (const id of ids) {
    const manifest = await unlessDamaged(problems, async () => {
      const read = await readManifest(place, id);
      await verifyDatabase(read, pieces);
      return read;
    });
    if (manifest === undefined) continue;
    const plan = await unlessDamaged(problems, async () => {
      const planned = await planLog(place, manifest, undefined);
      await verifyLog(planned);
      return planned;
    });
    if (plan !== undefined) return { manifest, pieces, plan, problems };
    const reached = manifest.consistent_at;
    without ??= { manifest, plan: { archive: undefined, files: [], untilMs: undefined, reached } };
  }
  if (without !== undefined) return { ...without, pieces, problems };
  if (ids.length > 0) throw new HoldfastError("damaged", `Every metadata snapshot is damaged: ${problems.join(" ")}`);
  throw noSnapshot();
}

export function noSnapshot(): HoldfastError {
  return new HoldfastError(
    "not_found",
    "The store has no metadata snapshot: its server is an earlier version, uses an external PostgreSQL, makes no snapshots " +
      '(HOLDFAST_SNAPSHOT_INTERVAL), or ran only for a few minutes. See "Database lost" in docs/operation.md.',
  );
}

async function unlessDamaged<Result>(problems: string[], work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HoldfastError) || !["damaged", "not_found"].includes(error.code)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
