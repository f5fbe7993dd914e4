import { setImmediate as nextTurn } from "node:timers/promises";
import type { NodeId, UserId, VersionId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { archiveNames, type ArchiveNode, versionEntry } from "@holdfast/protocol/archive-documents";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { findPersons } from "../accounts/people/find-persons.ts";
import { readSettings } from "../accounts/people/account-settings.ts";
import { findUser } from "../accounts/context/directory.ts";
import type { AccountStore } from "../accounts/context/account-world.ts";
import type { Language } from "@holdfast/protocol/account-settings";
import { inTransaction } from "../../base/db/database.ts";
import type { CommentRow, GrantRow, NodeRow, ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import { modeOf } from "../../tree/read/node-mode.ts";
import { permissionsJson } from "../sharing/permissions.ts";
import { listSharedWithMe } from "../sharing/shared-lists.ts";
import type { ExportSpool, PlacedSpooled, SpooledEntry, SpooledNode } from "./export-spool.ts";

const pageRows = 500;
/** Sorts before all ids. */
const firstId = "00000000-0000-0000-0000-000000000000";

export interface ListedAccount {
  readonly spool: ExportSpool;
  readonly caller: Caller;
  readonly withVersions: boolean;
  readonly signal: AbortSignal;
}

type ListWorld = Pick<AccountStore, "shards"> & { readonly language: Language };

/** Lists an account in one snapshot, so that related rows are consistent. */
export async function listAccount(world: ListWorld, account: ListedAccount): Promise<void> {
  const { spool, caller } = account;
  const people = new Set<UserId>([caller.userId]);
  const grants: GrantRow[] = [];
  const { db } = world.shards.ofId(caller.spaceId);
  const list = async (transaction: ShardQueries) => {
    await listNodes(transaction, account);
    await placeNodes(account);
    await listVersions(transaction, account, people);
    await listComments(transaction, account, people);
    await listStars(transaction, account);
    grants.push(...(await listGrants(transaction, caller)));
  };
  // Runs once, because the spool cannot be rolled back.
  await inTransaction(db, list, { isolationLevel: "repeatable read", attemptsMax: 1 });
  const permissions = await permissionsJson(
    world.shards,
    grants.filter(({ node_id: id }) => spool.isPlaced(id)),
  );
  spool.addLines(
    archiveNames.shares,
    permissions.filter(({ grantee }) => grantee.kind !== "link"),
  );
  spool.addLines(
    archiveNames.links,
    permissions.filter(({ grantee }) => grantee.kind === "link"),
  );
  await listOthers(world, account);
  await listPeople(world, spool, people);
  await describeAccount(world, account);
}

type ListedNode = Omit<NodeRow, "name_key" | "weight" | "names_below" | "bytes_below">;

async function listNodes(transaction: ShardQueries, { spool, caller, signal }: ListedAccount): Promise<void> {
  for (let after: string | undefined = firstId; after !== undefined;) {
    signal.throwIfAborted();
    // Index: primary key.
    const { rows }: { rows: ListedNode[] } = await sql<ListedNode>`
      select * from shard.nodes where space_id = ${caller.spaceId} and id > ${after} and purged_at is null
      order by id limit ${pageRows}`.execute(transaction);
    spool.addNodes(rows.map(spooled));
    after = rows.length < pageRows ? undefined : rows.at(-1)?.id;
  }
}

function spooled(row: ListedNode): SpooledNode {
  const facts: NodeFacts = {
    id: row.id,
    parent_id: row.parent_id,
    name: row.name,
    kind: row.kind,
    trashed_at: row.trashed_at === null ? null : formatTime(row.trashed_at),
    created_at: formatTime(row.created_at),
    modified_at: formatTime(row.modified_at),
    modified_micros: row.modified_at,
    executable: row.executable,
    private: row.private,
    size: row.size,
    content_id: row.content_id?.toString("hex") ?? null,
    version: row.version_number,
    version_id: row.head_version,
    target: row.kind === "symlink" ? row.target : null,
    metadata: row.metadata,
  };
  const { id, parent_id: parentId, name } = row;
  const isTrashed = row.trashed_at !== null;
  return { id, parentId, name, isFolder: row.kind === "folder", isTrashed, facts: JSON.stringify(facts) };
}

interface NodeFacts extends Omit<ArchiveNode, "path" | "in_trash" | "version_id"> {
  readonly version_id: VersionId | null;
  readonly modified_micros: number;
}

/** Places parents first. Omits nodes below a node that is being purged, which are not reachable. */
async function placeNodes(listed: ListedAccount): Promise<void> {
  const { spool, caller, signal } = listed;
  spool.placeTops(caller.rootId);
  for (let after = 0; ;) {
    signal.throwIfAborted();
    await nextTurn();
    const page = spool.placedAfter(after, pageRows);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.seq;
    for (const folder of page.filter(({ isFolder }) => isFolder)) await placeFolder(listed, folder);
    const placed = page.map((node) => ({ node, facts: JSON.parse(node.facts) as NodeFacts }));
    spool.addLines(
      archiveNames.nodes,
      placed.map(({ node, facts }) => documentOf(node, facts)),
    );
    const live = placed.filter(({ node }) => !node.inTrash);
    spool.addEntries(live.flatMap(({ node, facts }) => entryOf(node, facts)));
    addContents(
      spool,
      live.flatMap(({ node, facts }) =>
        facts.kind === "file" && facts.content_id !== null
          ? [{ contentId: facts.content_id, sizeBytes: facts.size, entry: filesPath(node) }]
          : [],
      ),
    );
  }
}

/** Yields to other requests between pages: a folder may have any number of children. */
async function placeFolder({ spool, signal }: ListedAccount, folder: PlacedSpooled): Promise<void> {
  for (let child: string | null = ""; child !== null;) {
    signal.throwIfAborted();
    child = spool.placeChildren(folder, child, pageRows);
    if (child !== null) await nextTurn();
  }
}

function documentOf({ path, inTrash }: PlacedSpooled, facts: NodeFacts): ArchiveNode {
  const { modified_micros: _micros, ...fields } = facts;
  return { ...fields, path: !inTrash && path === "" ? "/" : path, in_trash: inTrash };
}

function filesPath({ path }: PlacedSpooled): string {
  return `files${path}`;
}

/** A mount's content belongs to another account. */
function entryOf(node: PlacedSpooled, facts: NodeFacts): SpooledEntry[] {
  const { kind, modified_micros: mtimeMicros, size, target, version_id: versionId } = facts;
  const path = filesPath(node);
  if (kind === "folder") return [{ path, kind, mode: modeOf(facts), mtimeMicros, sizeBytes: 0 }];
  if (kind === "symlink") return [{ path, kind, mode: 0o777, mtimeMicros, sizeBytes: 0, target: target ?? "" }];
  if (kind !== "file" || versionId === null) return [];
  return [{ path, kind, mode: modeOf(facts), mtimeMicros, sizeBytes: size, versionId }];
}

interface FoundContent {
  readonly contentId: string;
  readonly sizeBytes: number;
  readonly entry: string;
}

function addContents<Content extends FoundContent>(spool: ExportSpool, contents: readonly Content[]): Content[] {
  const added = spool.addContents(contents);
  spool.addLines(
    archiveNames.contents,
    added.map(({ contentId, sizeBytes, entry }) => ({ content_id: contentId, size: sizeBytes, entry })),
  );
  return added;
}

type ListedVersion = Omit<VersionRow, "manifest" | "segments"> & {
  readonly is_head: boolean;
  readonly modified_at: number;
};

/**
 * Lists versions of all files, including trashed ones. Contents that are not current are stored separately, each once.
 */
async function listVersions(
  transaction: ShardQueries,
  { spool, caller, withVersions, signal }: ListedAccount,
  people: Set<UserId>,
): Promise<void> {
  for (let after: [string, number] | undefined = [firstId, 0]; after !== undefined;) {
    signal.throwIfAborted();
    // Indexes: versions_node, primary key.
    const { rows }: { rows: ListedVersion[] } = await sql<ListedVersion>`
      select v.id, v.node_id, v.number, v.size, v.content_id, v.created_at, v.created_by, v.device_id, v.label,
        v.id = n.head_version as is_head,
        case when v.id = n.head_version then n.modified_at else coalesce(v.modified_at, v.created_at) end as modified_at
      from shard.versions v join shard.nodes n on n.space_id = v.space_id and n.id = v.node_id
      where v.space_id = ${caller.spaceId} and (v.node_id, v.number) > (${after[0]}::uuid, ${after[1]}::int8)
      order by v.node_id, v.number limit ${pageRows}`.execute(transaction);
    const kept = rows.filter((row) => (withVersions || row.is_head) && spool.isPlaced(row.node_id));
    for (const { created_by: author } of kept) people.add(author);
    spool.addLines(archiveNames.versions, kept.map(versionDocument));
    addVersionContents(spool, kept);
    const last = rows.at(-1);
    after = rows.length < pageRows || last === undefined ? undefined : [last.node_id, last.number];
  }
}

function versionDocument(row: ListedVersion) {
  return {
    node_id: row.node_id,
    number: row.number,
    version_id: row.id,
    size: row.size,
    content_id: row.content_id.toString("hex"),
    created_at: formatTime(row.created_at),
    modified_at: formatTime(row.modified_at),
    created_by: row.created_by,
    device_id: row.device_id,
    label: row.label,
  };
}

function addVersionContents(spool: ExportSpool, rows: readonly ListedVersion[]): void {
  const found = rows.map((row) => {
    const contentId = row.content_id.toString("hex");
    return { row, contentId, sizeBytes: row.size, entry: versionEntry(contentId) };
  });
  const apart = addContents(spool, found);
  spool.addEntries(
    apart.map(({ row, entry }) => ({
      path: entry,
      kind: "file",
      mode: 0o644,
      mtimeMicros: row.modified_at,
      sizeBytes: row.size,
      versionId: row.id,
    })),
  );
}

async function listComments(transaction: ShardQueries, { spool, caller, signal }: ListedAccount, people: Set<UserId>) {
  for (let after: [string, string] | undefined = [firstId, firstId]; after !== undefined;) {
    signal.throwIfAborted();
    // Index: primary key.
    const { rows }: { rows: CommentRow[] } = await sql<CommentRow>`
      select * from shard.comments where space_id = ${caller.spaceId}
        and (node_id, id) > (${after[0]}::uuid, ${after[1]}::uuid) order by node_id, id limit ${pageRows}`.execute(
      transaction,
    );
    const kept = rows.filter((row) => spool.isPlaced(row.node_id));
    for (const { author, mentions } of kept) for (const id of [author, ...mentions]) people.add(id);
    spool.addLines(
      archiveNames.comments,
      kept.map(({ id, node_id, text, author, mentions, at, edited_at, resolved_at }) => ({
        id,
        node_id,
        text,
        author,
        mentions,
        at: formatTime(at),
        edited_at: edited_at === null ? null : formatTime(edited_at),
        resolved_at: resolved_at === null ? null : formatTime(resolved_at),
      })),
    );
    const last = rows.at(-1);
    after = rows.length < pageRows || last === undefined ? undefined : [last.node_id, last.id];
  }
}

/** One query: an account's stars are limited. Index: stars_newest. */
async function listStars(transaction: ShardQueries, { spool, caller }: ListedAccount): Promise<void> {
  const { rows } = await sql<{ node_id: NodeId; at: number }>`
    select node_id, at from shard.stars where user_id = ${caller.userId} and space_id = ${caller.spaceId}
    order by at desc, node_id`.execute(transaction);
  const kept = rows.filter(({ node_id: id }) => spool.isPlaced(id));
  spool.addLines(
    archiveNames.stars,
    kept.map(({ node_id, at }) => ({ node_id, at: formatTime(at) })),
  );
}

/** Excludes app passwords, which are no links. Contains no secrets. */
async function listGrants(transaction: ShardQueries, { spaceId }: Caller): Promise<GrantRow[]> {
  const { rows } = await sql<GrantRow>`
    select * from shard.grants where space_id = ${spaceId} and not (kind = 'link' and secret_hash is null)
    order by node_id, id`.execute(transaction);
  return rows;
}

/** Lists others' shares only by name, because they do not belong to the account. */
async function listOthers({ shards }: ListWorld, { spool, caller, signal }: ListedAccount): Promise<void> {
  for (let cursor: string | undefined, isOver = false; !isOver;) {
    signal.throwIfAborted();
    const page = await listSharedWithMe(shards, caller, { cursor });
    spool.addLines(
      archiveNames.sharedWithMe,
      page.items.map(({ node, permission, owner }) => ({
        name: node.name,
        kind: node.kind,
        role: permission.role,
        owner,
      })),
    );
    cursor = page.next_cursor ?? undefined;
    isOver = cursor === undefined;
  }
}

async function listPeople({ shards }: ListWorld, spool: ExportSpool, ids: ReadonlySet<UserId>): Promise<void> {
  const known = [...ids];
  for (let at = 0; at < known.length; at += pageRows) {
    const found = await findPersons(shards, known.slice(at, at + pageRows));
    spool.addLines(
      archiveNames.people,
      [...found.values()].map(({ id, name }) => ({ id, name })),
    );
  }
}

async function describeAccount(world: ListWorld, { spool, caller }: ListedAccount): Promise<void> {
  const { db } = world.shards.ofId(caller.userId);
  const devices = await db
    .selectFrom("shard.devices")
    .select(["id", "name"])
    .where("user_id", "=", caller.userId)
    .unionAll(
      db.selectFrom("shard.former_devices").select(["device_id as id", "name"]).where("user_id", "=", caller.userId),
    )
    .orderBy("id")
    .execute();
  spool.addLines(archiveNames.devices, devices);
  const user = await findUser(world.shards, caller.userId);
  const { language, notify, autoMount } = await readSettings(world, caller.userId);
  spool.addLines(archiveNames.account, [
    {
      id: caller.userId,
      email: user?.email ?? "",
      name: user?.name ?? "",
      created_at: formatTime(user?.created_at ?? 0),
      settings: { language, notify, auto_mount: autoMount },
    },
  ]);
}
