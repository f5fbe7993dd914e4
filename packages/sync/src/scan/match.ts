import type { NodeId } from "@holdfast/core/ids";
import { kindOf, linkContent } from "../model/content.ts";
import { type ContentKey, type Intent, isNumbered, type LocalRow, nameOnDisk } from "../model/trees.ts";
import type { Entry } from "./walk.ts";

export interface Matches {
  /** Entries in `fresh` have a new node so far. */
  readonly ids: Map<Entry, NodeId>;
  readonly fresh: Set<Entry>;
  readonly vanished: Map<NodeId, LocalRow>;
}

export interface MatchInput {
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  /** Moved folders whose content was not scanned. */
  readonly moved: ReadonlyMap<Entry, NodeId>;
  readonly intents: ReadonlyMap<NodeId, Intent>;
  /** True if the place could not be read. */
  readonly isUnreadablePlace: (place: Intent["place"]) => boolean;
  readonly slotKey: (name: string) => string;
  readonly makeNodeId: () => NodeId;
}

/**
 * Assigns a node to each entry. Folders are identified by inode, wherever they went. Files are identified by path,
 * because editors save by rename, and otherwise by inode.
 */
export function match(
  { local, moved, intents, isUnreadablePlace, slotKey, makeNodeId }: MatchInput,
  entries: readonly Entry[],
): Matches {
  const vanished = new Map(local);
  const ids = new Map<Entry, NodeId>();
  const fresh = new Set<Entry>();
  const take = (entry: Entry, id: NodeId): void => {
    ids.set(entry, id);
    vanished.delete(id);
  };
  for (const [id, entry] of matchFolders({ local, intents }, entries)) take(entry, id);
  for (const [entry, id] of moved) take(entry, id);
  const byPlace = new Map<string, NodeId>([...local].map(([id, row]) => [`${row.parent}/${nameOnDisk(row)}`, id]));
  const rivals = rivalsOf(local, byPlace);
  // Planned items without a row.
  const intended = new Map<string, NodeId>(
    [...intents].flatMap(([id, { place, content, isMove }]) =>
      local.has(id) || content === undefined || isMove === true
        ? []
        : [[`${thingOf(content)} ${place.parent}/${nameOnDisk(place)}`, id] as const],
    ),
  );
  for (const entry of entries) {
    if (ids.has(entry)) continue;
    const parent = folderIdOf(ids, entry);
    const place = `${parent}/${entry.name}`;
    const id = likeliest(rivals.get(place) ?? [], { vanished, intents }, entry) ?? byPlace.get(place);
    const row = id === undefined ? undefined : vanished.get(id);
    const isIt = row !== undefined && isSameThing(row, entry) && !hasLeft(row, intents.get(id as NodeId), entry);
    if (id !== undefined && isIt) take(entry, id);
    else {
      ids.set(entry, intended.get(`${thingSeen(entry)} ${parent}/${entry.name}`) ?? makeNodeId());
      fresh.add(entry);
    }
  }
  const byInode = Map.groupBy(vanished.keys(), (id) => vanished.get(id)?.fingerprint.inode);
  for (const entry of fresh) {
    const candidates = byInode.get(entry.stat.fingerprint.inode) ?? [];
    const parent = folderIdOf(ids, entry);
    const id =
      movedFrom(vanished, candidates, entry) ??
      candidates.find((each) => isWhereMeant(vanished.get(each), intents.get(each), entry, parent));
    if (id === undefined) continue;
    take(entry, id);
    fresh.delete(entry);
  }
  // A new item whose name differs only in case is at the same place on this disk.
  const bySlot = new Map([...vanished].map(([id, row]) => [`${row.parent}/${slotKey(nameOnDisk(row))}`, id]));
  for (const entry of bySlot.size === 0 ? [] : fresh) {
    const id = bySlot.get(`${folderIdOf(ids, entry)}/${slotKey(entry.name)}`);
    const row = id === undefined ? undefined : vanished.get(id);
    if (id === undefined || row === undefined || !isSameThing(row, entry)) continue;
    const intent = intents.get(id);
    const mayHaveLeft = intent !== undefined && hasLeft(row, intent, entry) && isUnreadablePlace(intent.place);
    if (mayHaveLeft) continue;
    take(entry, id);
    fresh.delete(entry);
  }
  return { ids, fresh, vanished };
}

/** Rows of places where a new item appeared before the old one was known to be gone. */
function rivalsOf(
  local: ReadonlyMap<NodeId, LocalRow>,
  byPlace: ReadonlyMap<string, NodeId>,
): ReadonlyMap<string, readonly NodeId[]> {
  const rivals = new Map<string, NodeId[]>();
  if (byPlace.size === local.size) return rivals;
  for (const [id, row] of local) {
    const place = `${row.parent}/${nameOnDisk(row)}`;
    const last = byPlace.get(place);
    if (last === undefined || last === id) continue;
    rivals.set(place, [...(rivals.get(place) ?? [last]), id]);
  }
  return rivals;
}

/**
 * Prefers the row with the entry's inode, otherwise one that should not leave: a missing one would be uploaded as a
 * deletion.
 */
function likeliest(
  rivals: readonly NodeId[],
  { vanished, intents }: { vanished: ReadonlyMap<NodeId, LocalRow>; intents: ReadonlyMap<NodeId, Intent> },
  entry: Entry,
): NodeId | undefined {
  const there = rivals.filter((id) => {
    const row = vanished.get(id);
    return row !== undefined && isSameThing(row, entry);
  });
  const { fingerprint } = entry.stat;
  const isNumber = (id: NodeId): boolean => vanished.get(id)?.fingerprint.inode === fingerprint.inode;
  const isToGo = (id: NodeId): boolean => intents.get(id)?.content === undefined && intents.has(id);
  const ofNumber = isNumbered(fingerprint) ? there.find(isNumber) : undefined;
  return ofNumber ?? there.find((id) => !isToGo(id));
}

export function folderIdOf(ids: ReadonlyMap<Entry, NodeId>, { folder }: Entry): NodeId | undefined {
  return "id" in folder ? folder.id : ids.get(folder);
}

/** A link's target never changes. Another item of the same kind may be the same one, edited. */
function thingOf(content: ContentKey): string {
  return kindOf(content) === "symlink" ? content : kindOf(content);
}

function thingSeen({ kind, target }: Entry): string {
  return target === undefined ? kind : linkContent(target);
}

function isSameThing(row: LocalRow, entry: Entry): boolean {
  if (row.kind !== entry.kind) return false;
  return entry.target === undefined || row.content === linkContent(entry.target);
}

/**
 * True if a move away was not confirmed and another item is at the place. If found nowhere else, it is this item after
 * all.
 */
function hasLeft(row: LocalRow, intent: Intent | undefined, { stat }: Entry): boolean {
  const isToLeave =
    intent !== undefined && (intent.place.parent !== row.parent || nameOnDisk(intent.place) !== nameOnDisk(row));
  return isToLeave && row.fingerprint.inode !== stat.fingerprint.inode;
}

/**
 * Inode numbers may be reused. The creation time must therefore match, and the folder must be empty or keep a known
 * child, unless it has its own or intended name. If several places show the inode (another mount), the one at the old
 * place matches.
 */
function matchFolders(
  { local, intents }: Pick<MatchInput, "local" | "intents">,
  entries: readonly Entry[],
): Map<NodeId, Entry> {
  const byInode = new Map<bigint, { readonly id: NodeId; readonly row: LocalRow }>();
  for (const [id, row] of local) {
    const { inode } = row.fingerprint;
    // A row kept because its place was unreadable does not compete with a visible folder.
    const isRival = row.readState === "unsettled" && byInode.has(inode);
    if (row.kind === "folder" && !isRival && isNumbered(row.fingerprint)) byInode.set(inode, { id, row });
  }
  const children = Map.groupBy(local, ([, { parent }]) => parent);
  const found = new Map<NodeId, Entry>();
  const ids = new Map<Entry, NodeId>();
  for (const entry of entries) {
    const known = entry.kind === "folder" ? byInode.get(entry.stat.fingerprint.inode) : undefined;
    if (known === undefined || known.row.fingerprint.birthNs !== entry.stat.fingerprint.birthNs) continue;
    const intent = intents.get(known.id);
    // A planned move may have happened without confirmation.
    const isMeant = intent?.isMove === true && nameOnDisk(intent.place) === entry.name;
    const isNamedSo = nameOnDisk(known.row) === entry.name || isMeant;
    const rows = (children.get(known.id) ?? []).map(([, row]) => row);
    if (!isNamedSo && !holdsOne(entry, rows)) continue;
    ids.set(entry, known.id);
    const stayed = isNamedSo && folderIdOf(ids, entry) === known.row.parent;
    if (stayed || !found.has(known.id)) found.set(known.id, entry);
  }
  return found;
}

function holdsOne({ children }: Entry, known: readonly LocalRow[]): boolean {
  const names = new Set(known.map(nameOnDisk));
  const inodes = new Set(known.flatMap(({ fingerprint }) => (isNumbered(fingerprint) ? [fingerprint.inode] : [])));
  if (known.length === 0 || children.length === 0) return true;
  return children.some(({ name, stat }) => names.has(name) || inodes.has(stat.fingerprint.inode));
}

/** True if the move there was unconfirmed. The file may have been edited since. */
function isWhereMeant(
  row: LocalRow | undefined,
  intent: Intent | undefined,
  { kind, name, stat, target }: Entry,
  parent: NodeId | undefined,
): boolean {
  if (row?.kind !== kind || kind === "folder" || target !== undefined || stat.links > 1) return false;
  const isThere = intent?.isMove === true && intent.place.parent === parent && nameOnDisk(intent.place) === name;
  return isThere && row.fingerprint.birthNs === stat.fingerprint.birthNs;
}

function movedFrom(
  vanished: ReadonlyMap<NodeId, LocalRow>,
  candidates: readonly NodeId[],
  { kind, stat, target }: Entry,
): NodeId | undefined {
  if (kind === "folder" || stat.links > 1 || !isNumbered(stat.fingerprint)) return undefined;
  const { inode, sizeBytes, mtimeNs, birthNs } = stat.fingerprint;
  for (const id of candidates) {
    const row = vanished.get(id);
    if (row === undefined) continue;
    const known = row.fingerprint;
    const isSame =
      known.inode === inode && known.sizeBytes === sizeBytes && known.mtimeNs === mtimeNs && known.birthNs === birthNs;
    if (isSame && row.kind === kind && (target === undefined || row.content === linkContent(target))) return id;
  }
  return undefined;
}
