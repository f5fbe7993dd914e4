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
import type { ScanResult } from "./scan.ts";

/** So long after a file left its name, a new file there continues it. */
export const leftForMs = 60_000;
/** A folder that is taken apart is no save: of so many only the last are remembered. */
const leftMost = 10_000;

type Known = Pick<Trees, "rootId" | "local" | "remote" | "intents"> & {
  readonly departures: ReadonlyMap<NodeId, unknown>;
};

type KeyOf = (row: LocalRow) => string;

interface Left {
  readonly id: NodeId;
  readonly atMs: number;
}

interface Observing {
  readonly slotKey: (name: string) => string;
  readonly nowMs: number;
}

interface Continued {
  readonly changes: ScanResult["changes"];
  /** Bases of files that come back from the trash: they are edits of what was deleted. */
  readonly synced: ReadonlyMap<NodeId, SyncedRow>;
}

/**
 * The names that files of this disk have left by a person's deletion or a new name in the same folder. Programs save in steps (`mv a a~` or
 * `rm a`, then a new `a`); with a pause between them the new file would be another node, without the versions, links and permissions of the
 * one that everybody knows by this name. A file that was renamed to anything but a backup's name, or went to another folder, keeps its node:
 * a link to it must not show the next one.
 */
export class LeftPlaces {
  /** Folder and name -> node, oldest first. */
  readonly #left = new Map<string, Left>();
  /** Files that were first seen on this disk within that time, oldest first. */
  readonly #young = new Map<NodeId, Pick<Left, "atMs">>();

  /**
   * What a look found, with the nodes that new files continue; then notes what left its name in this look.
   * @param slotKey under one key two names are one on this disk
   */
  observe(known: Known, changes: ScanResult["changes"], { slotKey, nowMs }: Observing): Continued {
    const keyOf: KeyOf = (row) => `${row.parent}/${slotKey(nameOnDisk(row))}`;
    forgetOld(this.#left, nowMs);
    forgetOld(this.#young, nowMs);
    // A file that is back at a name has left none.
    for (const [id, row] of changes) if (row !== undefined && this.#left.get(keyOf(row))?.id === id) this.#forget(id);
    const continued = this.#left.size === 0 ? { changes, synced: new Map() } : this.#continue(known, changes, keyOf);
    for (const [id, row] of changes) {
      const before = known.local.get(id);
      if (before === undefined && row?.kind === "file" && !known.remote.has(id)) this.#young.set(id, { atMs: nowMs });
      if (before?.kind !== "file" || known.intents.has(id)) continue;
      const place = keyOf(before);
      if (row !== undefined && keyOf(row) === place) continue;
      this.#left.delete(place);
      this.#left.set(place, { id, atMs: nowMs });
    }
    return continued;
  }

  #continue(known: Known, changes: ScanResult["changes"], keyOf: KeyOf): Continued {
    const next = new Map(changes);
    const synced = new Map<NodeId, SyncedRow>();
    for (const [newId, row] of changes) {
      if (row?.kind !== "file" || row.sight !== "known" || !this.#isNewAt(known, newId, row)) continue;
      const place = keyOf(row);
      const id = this.#left.get(place)?.id;
      const remote = id === undefined ? undefined : known.remote.get(id);
      if (id === undefined || remote?.kind !== "file" || !(remote.trashed || isLive(known, id))) continue;
      const other = next.has(id) ? next.get(id) : known.local.get(id);
      const isElsewhere = other !== undefined && !isBackup(other, row);
      if (isElsewhere || [id, newId].some((each) => known.intents.has(each) || known.departures.has(each))) continue;
      this.#forget(id);
      next.set(id, row);
      // What it was itself has the other name, if it is still there, and is the new one of the two.
      next.set(newId, other);
      if (remote.trashed) synced.set(id, baseInTrash(remote, row));
    }
    return { changes: next, synced };
  }

  /** Also if it got its name only now, as one that was written beside the old one. */
  #isNewAt({ local, remote }: Known, id: NodeId, row: LocalRow): boolean {
    const before = local.get(id);
    // What was not read to the end until now is met here for the first time.
    const isSeenNow = before?.sight !== "known";
    if (isSeenNow && !remote.has(id)) return true;
    return this.#young.has(id) && before?.parent === row.parent && (isSeenNow || !samePlace(before, row));
  }

  #forget(id: NodeId): void {
    for (const [place, left] of this.#left) if (left.id === id) this.#left.delete(place);
  }
}

/** What programs call the old file, behind its name or its stem (`a.txt~`, `a.txt.bak`, `a.old`). */
const backupSuffix = /^(?:~|\.?~\d{0,3}~?|[._-](?:bak|backup|old|orig|original|prev|previous|save?|tmp|\d{1,3}))$/i;

/** Whether the file that had the name stands beside it as its backup. By any other name it is another file, with its links and versions. */
function isBackup(other: LocalRow, row: LocalRow): boolean {
  if (other.kind !== "file" || other.parent !== row.parent) return false;
  const [name, { stem }] = [nameOnDisk(other), splitName(nameOnDisk(row))];
  return [nameOnDisk(row), stem].some((start) => name.startsWith(start) && backupSuffix.test(name.slice(start.length)));
}

function forgetOld(places: Map<unknown, Pick<Left, "atMs">>, nowMs: number): void {
  // What lies in the future was seen before the clock was set back.
  for (const [key, { atMs }] of places) {
    if (atMs <= nowMs - leftForMs || atMs > nowMs || places.size > leftMost) places.delete(key);
  }
}

/**
 * What both sides agreed on of a file before it was deleted, so that the new one is its next version. Of equal bytes nothing is agreed on:
 * a person has made them again, and they go with nothing that was deleted.
 */
function baseInTrash({ kind, content, executable }: RemoteRow, row: LocalRow): SyncedRow {
  return { kind, place: undefined, content: row.content === content ? undefined : content, executable, versionIds: [] };
}
