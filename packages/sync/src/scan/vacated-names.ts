import type { NodeId } from "@holdfast/core/ids";
import { splitName } from "@holdfast/core/name-suffix";
import {
  isLive,
  type LocalRow,
  nameOnDisk,
  type RemoteRow,
  samePlace,
  type SyncedRow,
  type Trees,
} from "../model/trees.ts";
import type { ScanResult } from "./scan-types.ts";

/** A new file at a vacated name continues the old one for this long. */
export const vacatedForMs = 60_000;
/**
 * For a save in which both files are visible. A link created meanwhile for the renamed file would show the other one.
 */
export const besideForMs = 10_000;
/** Remembered names and new files. Larger changes are no save. */
export const vacatedMax = 10_000;

type Known = Pick<Trees, "rootId" | "local" | "remote" | "intents"> & {
  readonly departures: ReadonlyMap<NodeId, unknown>;
};

type KeyOf = (row: LocalRow) => string;

interface VacatedName {
  readonly id: NodeId;
  readonly atMs: number;
}

interface Observing {
  readonly slotKey: (name: string) => string;
  readonly nowMs: number;
}

interface Continued {
  readonly changes: ScanResult["changes"];
  /** Bases of files restored from the trash, which are edits of the deleted ones. */
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
}

/**
 * Names vacated by a person's deletion or by a rename in the same folder. Programs save in steps (`mv a a~` or
 * `rm a`, then a new `a`); after a pause, the new file would be another node without versions, links and permissions. A
 * file renamed to anything but a backup name, or moved to another folder, keeps its node: a link to it must not show
 * the next file.
 */
export class VacatedNames {
  /** Folder and name -> node, oldest first. */
  readonly #vacated = new Map<string, VacatedName>();
  /** Files first seen within `besideForMs`, oldest first. */
  readonly #young = new Map<NodeId, Pick<VacatedName, "atMs">>();

  /** Gives new files the nodes that they continue, and records the names vacated since the previous scan. */
  observe(known: Known, changes: ScanResult["changes"], { slotKey, nowMs }: Observing): Continued {
    const keyOf: KeyOf = (row) => `${row.parent}/${slotKey(nameOnDisk(row))}`;
    forgetOld(this.#vacated, nowMs, vacatedForMs);
    forgetOld(this.#young, nowMs, besideForMs);
    // A file that returned to its name left none.
    for (const [id, row] of changes)
      if (row !== undefined && this.#vacated.get(keyOf(row))?.id === id) this.#forget(id);
    const continued =
      this.#vacated.size === 0 ? { changes, synced: new Map() } : this.#continue(known, changes, keyOf, nowMs);
    for (const [id, row] of changes) {
      const before = known.local.get(id);
      if (before === undefined && row?.kind === "file" && !known.remote.has(id)) note(this.#young, id, { atMs: nowMs });
      if (before?.kind !== "file" || known.intents.has(id)) continue;
      const place = keyOf(before);
      if (row !== undefined && keyOf(row) === place) continue;
      note(this.#vacated, place, { id, atMs: nowMs });
    }
    return continued;
  }

  #continue(known: Known, changes: ScanResult["changes"], keyOf: KeyOf, nowMs: number): Continued {
    const next = new Map(changes);
    const synced = new Map<NodeId, SyncedRow>();
    for (const [newId, row] of changes) {
      if (row?.kind !== "file" || row.readState !== "known" || !this.#isNewAt(known, newId, row)) continue;
      const { id, atMs = 0 } = this.#vacated.get(keyOf(row)) ?? {};
      const remote = id === undefined ? undefined : known.remote.get(id);
      if (id === undefined || remote?.kind !== "file" || !(remote.trashed || isLive(known, id))) continue;
      const other = next.has(id) ? next.get(id) : known.local.get(id);
      const isElsewhere = other !== undefined && (atMs <= nowMs - besideForMs || !isBackup(other, row));
      if (isElsewhere || [id, newId].some((each) => known.intents.has(each) || known.departures.has(each))) continue;
      this.#forget(id);
      next.set(id, row);
      // The old file becomes the new node if it still exists under its other name.
      next.set(newId, other);
      if (remote.trashed) synced.set(id, baseInTrash(remote, row));
    }
    return { changes: next, synced };
  }

  /** Also true for a file that was written beside the old one and then renamed. */
  #isNewAt({ local, remote }: Known, id: NodeId, row: LocalRow): boolean {
    const before = local.get(id);
    if (before === undefined) return !remote.has(id);
    // A file unreadable until now counts as first seen.
    return (
      this.#young.has(id) && before.parent === row.parent && (before.readState !== "known" || !samePlace(before, row))
    );
  }

  #forget(id: NodeId): void {
    for (const [place, vacated] of this.#vacated) if (vacated.id === id) this.#vacated.delete(place);
  }
}

/** Suffixes added to the old file's name or stem (`a.txt~`, `a.txt.bak`, `a.old`). */
const backupSuffix = /^(?:~|\.?~\d{0,3}~?|\.(?:bak|backup|old|orig|prev|save?|tmp))$/i;

/** Under any other name, the former owner keeps its links and versions. */
function isBackup(other: LocalRow, row: LocalRow): boolean {
  if (other.kind !== "file" || other.parent !== row.parent) return false;
  const [name, { stem }] = [nameOnDisk(other), splitName(nameOnDisk(row))];
  return [nameOnDisk(row), stem].some((start) => name.startsWith(start) && backupSuffix.test(name.slice(start.length)));
}

function note<Key, Value>(places: Map<Key, Value>, key: Key, value: Value): void {
  places.delete(key);
  places.set(key, value);
  const [oldest] = places.keys();
  if (places.size > vacatedMax && oldest !== undefined) places.delete(oldest);
}

function forgetOld(places: Map<unknown, Pick<VacatedName, "atMs">>, nowMs: number, keptMs: number): void {
  // A future time means that the clock was set back.
  for (const [key, { atMs }] of places) {
    if (atMs <= nowMs - keptMs || atMs > nowMs) places.delete(key);
  }
}

/**
 * Base that makes the new file the next version of the trashed one. Equal bytes get no base content: a person recreated
 * them, and a folder's deletion must not remove them.
 */
function baseInTrash({ kind, content, executable }: RemoteRow, row: LocalRow): SyncedRow {
  return { kind, place: undefined, content: row.content === content ? undefined : content, executable, versionIds: [] };
}
