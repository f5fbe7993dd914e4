import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { Server } from "@holdfast/sync-ports/ports";
import { checkPrivacySupport, privacyReported } from "../state/unreported-data.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../model/trees.ts";
import { endedMounts } from "../shares/share-visibility.ts";
import { Mounts } from "./mounts.ts";
import { shareOf } from "../model/enclosing-share.ts";
import { knownHead } from "./known-head.ts";
import { unseenCreation } from "./unseen-creation.ts";
import { fetchInitialListing } from "./initial-listing.ts";
import { restored } from "./listing.ts";
import { requestRelisting, isRelisting, relist, queryAll, resetToEpoch } from "./reset.ts";
import type { FetchContext } from "./fetch-context.ts";

/** Updates the remote tree to the journal's head. Each page's rows and cursor are one transaction. */
export async function fetchRemote(context: FetchContext): Promise<void> {
  const { state } = context;
  if (state.cursor === undefined) await fetchInitialListing(context);
  for (let hasMore = true; hasMore;) {
    try {
      if (isRelisting(state)) await relist(context);
      hasMore = await fetchPage(context);
      if (hasMore) continue;
      await relistEndedMounts(context);
      hasMore = await checkPrivacySupport(state, context.nowMs(), () => reportsPrivacy(context.server));
    } catch (error) {
      const reason = error instanceof HoldfastError && error.code === "reset" ? error.body["reason"] : undefined;
      if (reason === undefined) throw error;
      if (reason === "epoch") await resetToEpoch(context);
      else requestRelisting(state);
    }
  }
}

/** An older server reports no privacy. */
async function reportsPrivacy(server: Server): Promise<boolean> {
  const { items } = await server.snapshot(undefined);
  return items.some((node) => node.private !== undefined);
}

async function fetchPage(context: FetchContext): Promise<boolean> {
  const { server, state } = context;
  const { cursor } = state;
  if (cursor === undefined) throw new HoldfastError("internal", "There is no cursor to continue from.");
  const page = await server.listChanges(cursor.token);
  if (page.epoch !== cursor.epoch) {
    throw restored();
  }
  const rows = new Map<NodeId, RemoteRow>();
  const current = { get: (id: NodeId) => rows.get(id) ?? state.remote.get(id) };
  const record = (id: NodeId, row: RemoteRow): void => {
    const known = current.get(id);
    // Equal numbers count: an item restored with its folder is unchanged except for the trash.
    if (known === undefined || row.seq >= known.seq) rows.set(id, row);
  };
  const head = page.has_more ? 0 : knownHead(state, page.epoch);
  const seq = page.seq ?? Math.max(cursor.seq, head, ...page.changes.map((change) => change.seq));
  const next = { token: page.next_token, epoch: page.epoch, seq, shareSeqs: page.share_seqs };
  const ended = new Set(endedMounts(state).filter((mount) => isReportedGone(state, mount)));
  const mounts = new Mounts(state, (id) => ended.has(id));
  const listings = new Listings(state);
  // The root's links and rights do not concern the disk.
  const changes = page.changes.filter(({ id }) => id !== state.rootId);
  for (const change of changes) await applyChange({ ...context, mounts, current, listings }, change, record);
  const [shares, rights] = [[...mounts.changedShares], [...mounts.changedRights]];
  // An item known at its original place now has its own mount.
  for (const [, { target }] of shares) {
    const row = current.get(target);
    if (row !== undefined && mounts.shows(target)) record(target, { ...row, trashed: true });
  }
  const decided = decidedIn(state, page.changes);
  const met = new Map(shares);
  const isMount = (id: NodeId): boolean => state.shares.has(id) || met.has(id);
  const settings = [...listings.settings(page.has_more), ...privacyReported(state, rows, isMount)];
  state.commit({ remote: rows, shares, rights, decided, settings, cursor: next });
  return page.has_more;
}

/** A mount whose folder appears on a later page has not ended. */
function isReportedGone({ rootId, remote }: SyncState, mount: NodeId): boolean {
  for (let at = mount, depth = 0; at !== rootId && depth <= 2 * limits.pathNamesMax; depth += 1) {
    const row = remote.get(at);
    if (row === undefined || row.trashed) return row?.trashed === true;
    at = row.parent;
  }
  return true;
}

const endedMountsSetting = "looked for where ended mounts show";

/**
 * Searches for the former content of ended mounts, once per mount. It may be in another share, where nobody reported it
 * while it had its own mount.
 */
async function relistEndedMounts({ server, state }: FetchContext): Promise<void> {
  const ended = endedMounts(state);
  const before = state.setting(endedMountsSetting) ?? "";
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
  // Missing items may have moved, as after any listing.
  const listing = remote.length === 0 ? [] : [[listedSetting, "yes"] as const];
  state.commit({ remote, rights: [...mounts.changedRights], settings: [[endedMountsSetting, looked], ...listing] });
}

/** Adds people's decisions to move items to the server's trash; drops outdated ones. */
function decidedIn(state: SyncState, changes: readonly ChangeJson[]): Map<NodeId, true | undefined> {
  const done = [...state.decided.keys()].filter((id) => !state.local.has(id));
  const decided = new Map<NodeId, true | undefined>(done.map((id) => [id, undefined]));
  for (const change of changes) {
    const id = change.id as NodeId;
    if (change.rewound === true || change.approved === true) decided.set(id, true);
    // Emptying the trash deletes nothing more on devices, so the earlier decision stays.
    else if (change.from_trash !== true && (state.decided.has(id) || decided.has(id))) decided.set(id, undefined);
  }
  return decided;
}

interface Page extends Pick<FetchContext, "server" | "state"> {
  readonly mounts: Mounts;
  readonly current: { get(id: NodeId): RemoteRow | undefined };
  readonly listings: Listings;
}

async function applyChange(
  page: Page,
  { kind, id: text, seq, node, existed }: ChangeJson,
  record: (id: NodeId, row: RemoteRow) => void,
): Promise<void> {
  const { server, state, mounts, current, listings } = page;
  const id = text as NodeId;
  if (node === undefined) {
    // The listing is newer than the page, and the item may have returned with a folder, under its number.
    if (listings.isListed(id)) return;
    mounts.end(id);
    const known = current.get(id) ?? unseenCreation(state, id);
    if (known !== undefined) record(id, { ...known, trashed: true, seq });
    return;
  }
  const known = current.get(id);
  const row = mounts.rowOf(node);
  if (node.kind !== "mount" && row.trashed) return record(id, row);
  record(id, row);
  // A returned item may have new content.
  const hasMoved = known === undefined || known.trashed || known.parent !== row.parent;
  if (node.kind !== "folder" && node.kind !== "mount") return;
  // It arrived with a folder that appeared, and is in the trash now.
  const isUnreported = known === undefined && existed === true;
  if (kind !== "appeared" && !isUnreported && !(hasMoved && listings.mayBeIncomplete)) return;
  // Its content cannot be listed, so the known rows stay.
  if (node.waits === true) return;
  listings.note();
  const listed = await listBelow(server, id);
  if (listed === undefined) return;
  const rows = mounts.rowsOf(listed);
  for (const [each, below] of rows) {
    record(each, below);
    listings.noteRow(each);
  }
  const showsOthers = node.kind === "mount" || listed.some((each) => each.kind === "mount");
  if (showsOthers || shareOf(state, current, id) !== undefined) {
    for (const [each, missed] of await missedIn(page, id, rows)) record(each, missed);
  }
}

const listedSetting = "listed below";

/**
 * Handles folders missing from listings. A listing shows the present, so a folder may have moved out since it appeared;
 * its later journal entry reports only itself. Folders that moved before the listings were requested are therefore
 * listed too.
 */
class Listings {
  readonly #wasBefore: boolean;
  readonly #listed = new Set<NodeId>();
  #isNow = false;

  constructor(state: SyncState) {
    this.#wasBefore = state.setting(listedSetting) === "yes";
  }

  get mayBeIncomplete(): boolean {
    return this.#wasBefore || this.#isNow;
  }

  note(): void {
    this.#isNow = true;
  }

  noteRow(id: NodeId): void {
    this.#listed.add(id);
  }

  /** True if a listing of this page shows the item. */
  isListed(id: NodeId): boolean {
    return this.#listed.has(id);
  }

  /** A page requested after the listings removes all doubt at its end. */
  settings(hasMore: boolean): readonly (readonly [string, string])[] {
    if (this.#isNow) return [[listedSetting, "yes"]];
    return this.#wasBefore && !hasMore ? [[listedSetting, "no"]] : [];
  }
}

/**
 * Finds nodes missing from a listing. While a folder of another space was out of view, changes inside were not
 * reported. A missing node counts as gone only if one response says so and confirms that the folder exists. Each mount
 * is new, so former content is found below the listed folders.
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

/** @returns undefined if it is gone again, which a later entry reports */
async function listBelow(server: Server, id: NodeId): Promise<Awaited<ReturnType<Server["listBelow"]>> | undefined> {
  try {
    return await server.listBelow(id);
  } catch (error) {
    const isGone = error instanceof HoldfastError && (error.code === "not_found" || error.code === "trashed");
    if (!isGone) throw error;
    return undefined;
  }
}
