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

/** Time after a file left its name in which a new file there continues it. */
export const leftForMs = 60_000;
/**
 * Time for a save in which both files are there to be seen: a link that somebody gives meanwhile to the one that was renamed would show the other.
 */
export const besideForMs = 10_000;
/** Names, and new files, that are remembered at most: a folder that is taken apart, or put in as a whole, is no save. */
export const leftMost = 10_000;

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
   * Gives new files the nodes that they continue, and notes which files left their names in this look.
   * @param slotKey under one key two names are one on this disk
   */
  observe(known: Known, changes: ScanResult["changes"], { slotKey, nowMs }: Observing): Continued {
    const keyOf: KeyOf = (row) => `${row.parent}/${slotKey(nameOnDisk(row))}`;
    forgetOld(this.#left, nowMs, leftForMs);
    forgetOld(this.#young, nowMs, besideForMs);
    // A file that is back at a name has left none.
    for (const [id, row] of changes) if (row !== undefined && this.#left.get(keyOf(row))?.id === id) this.#forget(id);
    const continued =
      this.#left.size === 0 ? { changes, synced: new Map() } : this.#continue(known, changes, keyOf, nowMs);
    for (const [id, row] of changes) {
      const before = known.local.get(id);
      if (before === undefined && row?.kind === "file" && !known.remote.has(id)) note(this.#young, id, { atMs: nowMs });
      if (before?.kind !== "file" || known.intents.has(id)) continue;
      const place = keyOf(before);
      if (row !== undefined && keyOf(row) === place) continue;
      note(this.#left, place, { id, atMs: nowMs });
    }
    return continued;
  }

  #continue(known: Known, changes: ScanResult["changes"], keyOf: KeyOf, nowMs: number): Continued {
    const next = new Map(changes);
    const synced = new Map<NodeId, SyncedRow>();
    for (const [newId, row] of changes) {
      if (row?.kind !== "file" || row.sight !== "known" || !this.#isNewAt(known, newId, row)) continue;
      const { id, atMs = 0 } = this.#left.get(keyOf(row)) ?? {};
      const remote = id === undefined ? undefined : known.remote.get(id);
      if (id === undefined || remote?.kind !== "file" || !(remote.trashed || isLive(known, id))) continue;
      const other = next.has(id) ? next.get(id) : known.local.get(id);
      const isElsewhere = other !== undefined && (atMs <= nowMs - besideForMs || !isBackup(other, row));
      if (isElsewhere || [id, newId].some((each) => known.intents.has(each) || known.departures.has(each))) continue;
      this.#forget(id);
      next.set(id, row);
      // The old file, if it still stands under its other name, is the new node of the two.
      next.set(newId, other);
      if (remote.trashed) synced.set(id, baseInTrash(remote, row));
    }
    return { changes: next, synced };
  }

  /** Also if it got its name only now, as one that was written beside the old one. */
  #isNewAt({ local, remote }: Known, id: NodeId, row: LocalRow): boolean {
    const before = local.get(id);
    if (before === undefined) return !remote.has(id);
    // A file that could not be read to the end until now counts as seen for the first time.
    return this.#young.has(id) && before.parent === row.parent && (before.sight !== "known" || !samePlace(before, row));
  }

  #forget(id: NodeId): void {
    for (const [place, left] of this.#left) if (left.id === id) this.#left.delete(place);
  }
}

/** Suffixes that programs give the old file, behind its name or its stem (`a.txt~`, `a.txt.bak`, `a.old`). */
const backupSuffix = /^(?:~|\.?~\d{0,3}~?|\.(?:bak|backup|old|orig|prev|save?|tmp))$/i;

/** @returns true if the file that had the name is its backup now; under any other name it is a file of its own, with its links and versions */
function isBackup(other: LocalRow, row: LocalRow): boolean {
  if (other.kind !== "file" || other.parent !== row.parent) return false;
  const [name, { stem }] = [nameOnDisk(other), splitName(nameOnDisk(row))];
  return [nameOnDisk(row), stem].some((start) => name.startsWith(start) && backupSuffix.test(name.slice(start.length)));
}

function note<Key, Value>(places: Map<Key, Value>, key: Key, value: Value): void {
  places.delete(key);
  places.set(key, value);
  const [oldest] = places.keys();
  if (places.size > leftMost && oldest !== undefined) places.delete(oldest);
}

function forgetOld(places: Map<unknown, Pick<Left, "atMs">>, nowMs: number, keptMs: number): void {
  // A time in the future was noted before the clock was set back.
  for (const [key, { atMs }] of places) {
    if (atMs <= nowMs - keptMs || atMs > nowMs) places.delete(key);
  }
}

/**
 * The base of a file in the trash, so that the new file is its next version. Equal bytes get no content as their base: a person has made
 * them again, and the deletion of a folder must not take them along.
 */
function baseInTrash({ kind, content, executable }: RemoteRow, row: LocalRow): SyncedRow {
  return { kind, place: undefined, content: row.content === content ? undefined : content, executable, versionIds: [] };
}
