import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { Server } from "@holdfast/sync-ports/ports";
import { askForPrivacy, privacyHeard } from "../state/not-heard.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../model/trees.ts";
import { endedMounts } from "../shares/hiding.ts";
import { Mounts } from "./mounts.ts";
import { shareOf } from "../model/whereabouts.ts";
import { knownHead } from "./known-head.ts";
import { neverSeen } from "./never-seen.ts";
import { listFirst } from "./first-listing.ts";
import { restored } from "./listing.ts";
import { beginListingAnew, isListingAnew, listAnew, queryAll, resetToEpoch } from "./reset.ts";
import type { Ears } from "./ears.ts";

/** Brings the remote tree to the journal's head. Each page's rows and its cursor are one transaction. */
export async function fetchRemote(ears: Ears): Promise<void> {
  const { state } = ears;
  if (state.cursor === undefined) await listFirst(ears);
  for (let hasMore = true; hasMore;) {
    try {
      if (isListingAnew(state)) await listAnew(ears);
      hasMore = await fetchPage(ears);
      if (hasMore) continue;
      await showAgain(ears);
      hasMore = await askForPrivacy(state, ears.nowMs(), () => tellsPrivacy(ears.server));
    } catch (error) {
      const reason = error instanceof HoldfastError && error.code === "reset" ? error.body["reason"] : undefined;
      if (reason === undefined) throw error;
      if (reason === "epoch") await resetToEpoch(ears);
      else beginListingAnew(state);
    }
  }
}

/** An older one tells of no node whether it is private. */
async function tellsPrivacy(server: Server): Promise<boolean> {
  const { items } = await server.snapshot(undefined);
  return items.some((node) => node.private !== undefined);
}

async function fetchPage(ears: Ears): Promise<boolean> {
  const { server, state } = ears;
  const { cursor } = state;
  if (cursor === undefined) throw new HoldfastError("internal", "There is no cursor to continue from.");
  const page = await server.listChanges(cursor.token);
  if (page.epoch !== cursor.epoch) {
    throw restored();
  }
  const rows = new Map<NodeId, RemoteRow>();
  const heard = { get: (id: NodeId) => rows.get(id) ?? state.remote.get(id) };
  const learn = (id: NodeId, row: RemoteRow): void => {
    const known = heard.get(id);
    // Equal numbers too: what comes back with its folder is as it was, but no longer in the trash.
    if (known === undefined || row.seq >= known.seq) rows.set(id, row);
  };
  const head = page.has_more ? 0 : knownHead(state, page.epoch);
  const seq = page.seq ?? Math.max(cursor.seq, head, ...page.changes.map((change) => change.seq));
  const next = { token: page.next_token, epoch: page.epoch, seq, shareSeqs: page.share_seqs };
  const ended = new Set(endedMounts(state).filter((mount) => isToldGone(state, mount)));
  const mounts = new Mounts(state, (id) => ended.has(id));
  const listings = new Listings(state);
  // The root folder is no row of the tree, as in a listing: a link or a right of its own is no news for the disk.
  const changes = page.changes.filter(({ id }) => id !== state.rootId);
  for (const change of changes) await applyChange({ ...ears, mounts, heard, listings }, change, learn);
  const [shares, rights] = [[...mounts.learnt], [...mounts.learntRights]];
  // What was known where it lies has a mount of its own by now.
  for (const [, { target }] of shares) {
    const row = heard.get(target);
    if (row !== undefined && mounts.shows(target)) learn(target, { ...row, trashed: true });
  }
  const decided = decidedIn(state, page.changes);
  const met = new Map(shares);
  const isMount = (id: NodeId): boolean => state.shares.has(id) || met.has(id);
  const settings = [...listings.settings(page.has_more), ...privacyHeard(state, rows, isMount)];
  state.commit({ remote: rows, shares, rights, decided, settings, cursor: next });
  return page.has_more;
}

/** A mount whose folder a later page tells of has not ended. */
function isToldGone({ rootId, remote }: SyncState, mount: NodeId): boolean {
  for (let at = mount, depth = 0; at !== rootId && depth <= 2 * limits.pathNamesMax; depth += 1) {
    const row = remote.get(at);
    if (row === undefined || row.trashed) return row?.trashed === true;
    at = row.parent;
  }
  return true;
}

const shownAgainSetting = "looked for where ended mounts show";

/**
 * What a mount showed that ended may lie in another share, where nobody told of it while it had a mount of its own. Of each such mount it is
 * looked for once.
 */
async function showAgain({ server, state }: Ears): Promise<void> {
  const ended = endedMounts(state);
  const before = state.setting(shownAgainSetting) ?? "";
  const looked = ended.join(" ");
  if (looked === before) return;
  const isOver = (mount: NodeId): boolean => ended.includes(mount);
  const others = [...state.shares].flatMap(([mount, { waits }]) => (isOver(mount) || waits === true ? [] : [mount]));
  const fresh = ended.filter((mount) => !before.split(" ").includes(mount));
  const targets = fresh.flatMap((mount) => state.shares.get(mount)?.target ?? []);
  const answers = others.length === 0 ? new Map<NodeId, never>() : await queryAll(server, targets);
  const remote: (readonly [NodeId, RemoteRow])[] = [];
  const mounts = new Mounts(state, isOver);
  for (const mount of [...answers.values()].includes("live") ? others : []) {
    const listed = (await listBelow(server, mount)) ?? [];
    if (listed.some(({ id }) => answers.get(id as NodeId) === "live")) remote.push(...mounts.rowsOf(listed));
  }
  // As after any listing, what it lacks may have moved since.
  const listing = remote.length === 0 ? [] : [[listedSetting, "yes"] as const];
  state.commit({ remote, rights: [...mounts.learntRights], settings: [[shownAgainSetting, looked], ...listing] });
}

/** What a person has put into the server's trash, and what of that has gone here too, or has another fate by now. */
function decidedIn(state: SyncState, changes: readonly ChangeJson[]): Map<NodeId, true | undefined> {
  const done = [...state.decided.keys()].filter((id) => !state.local.has(id));
  const decided = new Map<NodeId, true | undefined>(done.map((id) => [id, undefined]));
  for (const change of changes) {
    const id = change.id as NodeId;
    if (change.rewound === true || change.approved === true) decided.set(id, true);
    // Emptying the trash deletes nothing more on a device: the decision about its way into the trash stands.
    else if (change.from_trash !== true && (state.decided.has(id) || decided.has(id))) decided.set(id, undefined);
  }
  return decided;
}

interface Page extends Pick<Ears, "server" | "state"> {
  readonly mounts: Mounts;
  /** The remote tree with what the page told of so far. */
  readonly heard: { get(id: NodeId): RemoteRow | undefined };
  readonly listings: Listings;
}

async function applyChange(
  page: Page,
  { kind, id: text, seq, node, existed }: ChangeJson,
  learn: (id: NodeId, row: RemoteRow) => void,
): Promise<void> {
  const { server, state, mounts, heard, listings } = page;
  const id = text as NodeId;
  if (node === undefined) {
    mounts.end(id);
    const known = heard.get(id) ?? neverSeen(state, id);
    if (known !== undefined) learn(id, { ...known, trashed: true, seq });
    return;
  }
  const known = heard.get(id);
  const row = mounts.rowOf(node);
  if (node.kind !== "mount" && row.trashed) return learn(id, row);
  learn(id, row);
  // What was gone may be back where it was, with what came into it meanwhile.
  const hasMoved = known === undefined || known.trashed || known.parent !== row.parent;
  if (node.kind !== "folder" && node.kind !== "mount") return;
  // It came with a folder that appeared, of which is told as of something gone since that lies in the trash by now.
  const isUnheard = known === undefined && existed === true;
  if (kind !== "appeared" && !isUnheard && !(hasMoved && listings.mayLack)) return;
  // Nothing in it can be listed: what is known of it stays as it is.
  if (node.waits === true) return;
  listings.note();
  const listed = await listBelow(server, id);
  if (listed === undefined) return;
  const rows = mounts.rowsOf(listed);
  for (const [each, below] of rows) learn(each, below);
  const showsOthers = node.kind === "mount" || listed.some((each) => each.kind === "mount");
  if (showsOthers || shareOf(state, heard, id) !== undefined) {
    for (const [each, missed] of await missedIn(page, id, rows)) learn(each, missed);
  }
}

const listedSetting = "listed below";

/**
 * A listing of what appeared tells of now, and not of when it appeared: a folder in it may have been moved out of it since. The entry
 * of that stands further on and tells of itself alone, while of what is in it nothing is known here. So all folders that moved
 * before the listings were asked for are listed as well.
 */
class Listings {
  readonly #wasBefore: boolean;
  #isNow = false;

  constructor(state: SyncState) {
    this.#wasBefore = state.setting(listedSetting) === "yes";
  }

  get mayLack(): boolean {
    return this.#wasBefore || this.#isNow;
  }

  note(): void {
    this.#isNow = true;
  }

  /** The page after one with listings was asked for after them: with the last of those pages nothing is in doubt any more. */
  settings(hasMore: boolean): readonly (readonly [string, string])[] {
    if (this.#isNow) return [[listedSetting, "yes"]];
    return this.#wasBefore && !hasMore ? [[listedSetting, "no"]] : [];
  }
}

/**
 * While a folder of another space was out of view nobody told what became of what was in it, also where its mount went with a folder
 * above it. What a listing lacks is gone only if the server says so of it, and says in the same breath that the folder is there. A mount is new each time, so what was
 * in the one before is known below the folders that are listed.
 */
async function missedIn(
  { server, state }: Pick<Page, "server" | "state">,
  folder: NodeId,
  rows: readonly (readonly [NodeId, RemoteRow])[],
): Promise<(readonly [NodeId, RemoteRow])[]> {
  const listed = new Set(rows.map(([id]) => id));
  const folders = rows.flatMap(([id, { kind }]) => (kind === "folder" ? [id] : []));
  const below = [...rowsBelow(state, [folder, ...folders])];
  const lacking = below.filter(([id, row]) => !listed.has(id) && !row.trashed);
  if (lacking.length === 0) return [];
  const answers = await queryAll(server, [folder, ...lacking.map(([id]) => id)]);
  if (answers.get(folder) !== "live") return [];
  return lacking.flatMap(([id, row]) => (answers.get(id) === "live" ? [] : [[id, { ...row, trashed: true }] as const]));
}

/** Each once. */
function* rowsBelow(state: SyncState, folders: readonly NodeId[]): Generator<readonly [NodeId, RemoteRow]> {
  const passed = new Set<NodeId>();
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (passed.has(folder)) continue;
    passed.add(folder);
    for (const id of state.childrenOf(folder)) {
      const row = state.remote.get(id);
      if (row?.parent !== folder) continue;
      yield [id, row];
      if (row.kind === "folder") waiting.push(id);
    }
  }
}

/** @returns undefined: it is gone again by now, of which an entry further on tells */
async function listBelow(server: Server, id: NodeId): Promise<Awaited<ReturnType<Server["listBelow"]>> | undefined> {
  try {
    return await server.listBelow(id);
  } catch (error) {
    const isGone = error instanceof HoldfastError && (error.code === "not_found" || error.code === "trashed");
    if (!isGone) throw error;
    return undefined;
  }
}
