import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { checkName, joinPath, nameKey, splitPath } from "@holdfast/core/names";
import { sql } from "kysely";
import type { Actor } from "../../tree/actor.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { baseRefusal } from "../../tree/commit/base.ts";
import { findNode, findNodeByPath } from "../../tree/read/look-up.ts";
import { childOf, isReadable, type PlacedNode } from "../../tree/read/placed-node.ts";
import { acrossRefusal } from "../../tree/commit/across.ts";
import { settleSpaces } from "../../tree/commit/settle-spaces.ts";
import { assertMay, roleMay } from "../../tree/rights/roles.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { assertFree, readFreeBytes, roundedFreeBytes } from "../../tree/weight/used-bytes.ts";
import type { UploadsPorts } from "./uploads-ports.ts";
import type { Place } from "../../tree/commit/operation.ts";
import type { UploadRequest } from "./upload-request.ts";

/**
 * Rejects an upload that the commit would reject now, before its bytes are sent. The commit decides under its lock.
 * @param sizeBytes of the file, if known
 * @throws HoldfastError not_found, invalid_field, trashed, exists, conflict, precondition, quota, store_full
 */
export async function checkTarget(
  { shards, blocks }: Pick<UploadsPorts, "shards" | "blocks">,
  caller: Actor,
  request: UploadRequest,
  sizeBytes: number | null,
): Promise<void> {
  const { existing, isBlind } = await findExisting(shards, caller, request);
  if (existing === undefined) assertNoBase(request);
  else assertMayReplace(existing, request);
  if (sizeBytes === null) return;
  const replaced = existing !== undefined && request.onConflict !== "rename" ? existing.row.size : 0;
  const freeBytes = await readFreeBytes(shards, caller.spaceId);
  assertFree(isBlind ? roundedFreeBytes(freeBytes) : freeBytes, sizeBytes - replaced);
  await blocks.assertRoom(caller.spaceId, sizeBytes);
}

/** Resolves the space of an upload. @throws HoldfastError invalid_field */
export async function settleUpload<Request extends UploadRequest>(
  shards: Shards,
  caller: Actor,
  request: Request,
): Promise<{ readonly actor: Actor; readonly request: Request }> {
  const [settled] = await settleSpaces(shards, caller, [request]);
  if (settled?.isAcross === true) throw await acrossRefusal(shards, caller, request);
  return settled === undefined ? { actor: caller, request } : { actor: settled.actor, request: settled.what };
}

/** @throws HoldfastError not_found, forbidden */
export async function assertMayUpload(
  shards: Shards,
  caller: Actor,
  { fileId, place = {} }: UploadRequest,
): Promise<void> {
  if (fileId !== undefined) assertMay(await findNode(shards, caller, fileId), "write");
  else assertMay((await findPlace(shards, caller, place)).parent, "create");
}

interface Met {
  readonly existing: PlacedNode | undefined;
  /** The caller cannot list the folder. */
  readonly isBlind: boolean;
}

async function findExisting(shards: Shards, caller: Actor, request: UploadRequest): Promise<Met> {
  const { fileId, place = {} } = request;
  if (fileId !== undefined) {
    const file = await findNode(shards, caller, fileId);
    assertMay(file, "write");
    return { existing: await requireLive(shards, caller, file), isBlind: false };
  }
  const { parent, name } = await findPlace(shards, caller, place);
  assertMay(parent, "create");
  await requireLive(shards, caller, parent);
  if (parent.row.kind !== "folder") {
    const field = place.path === undefined ? "parent_id" : "path";
    throw new HoldfastError("invalid_field", `${JSON.stringify(parent.row.name)} is not a folder.`, { field });
  }
  // A caller who cannot list the folder learns nothing about it.
  if (!roleMay(parent.role, "read")) return { existing: undefined, isBlind: true };
  // Index: nodes_live_name.
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes where space_id = ${caller.spaceId} and parent_id = ${parent.row.id}
      and name_key = ${nameKey(name)} and trashed_at is null`.execute(shards.of(caller.bucket).db);
  const row = rows[0];
  const none = { existing: undefined, isBlind: false };
  if (row === undefined) return none;
  const existing = childOf(parent, row);
  // The commit only reports that a hidden node's name is taken.
  if (!isReadable(existing)) return none;
  if (request.onConflict === "replace" || request.baseVersion !== undefined) assertMay(existing, "write");
  return { existing, isBlind: false };
}

async function findPlace(
  shards: Shards,
  caller: Actor,
  { parentId = "root", name, path, under }: Place,
): Promise<{ parent: PlacedNode; name: string }> {
  if (path !== undefined) {
    const names = splitPath(path);
    const last = names.pop();
    if (last !== undefined) return { parent: await findFolder(shards, caller, names, under), name: last };
    throw new HoldfastError("exists", "The root folder always exists and is not a file.", { field: "path" });
  }
  if (name === undefined) throw new HoldfastError("invalid_field", "Specify a name or a path.", { field: "name" });
  checkName(name);
  return { parent: await findNode(shards, caller, parentId, "create"), name };
}

/** The caller may be able to add to the path's first folder, but not see it. */
function findFolder(shards: Shards, caller: Actor, names: string[], under = "root"): Promise<PlacedNode> {
  if (names.length === 0) return findNode(shards, caller, under, "create");
  return findNodeByPath(shards, caller, joinPath(names), under);
}

/** @throws HoldfastError trashed, with the trashed node: this or the nearest ancestor */
async function requireLive(shards: Shards, caller: Actor, node: PlacedNode): Promise<PlacedNode> {
  if (node.row.trashed_at === null) return node;
  // Index: primary key.
  const { rows } = await sql<{ id: NodeId }>`
    with recursive up as (
      select id, parent_id, trashed_at from shard.nodes where space_id = ${caller.spaceId} and id = ${node.row.id}
      union all
      select p.id, p.parent_id, p.trashed_at from up
      join shard.nodes p on p.space_id = ${caller.spaceId} and p.id = up.parent_id where up.trashed_at is null
    )
    select id from up where trashed_at is not null`.execute(shards.of(caller.bucket).db);
  const trashed = rows[0] === undefined ? node : await findNode(shards, caller, rows[0].id);
  throw withNode("trashed", `${JSON.stringify(trashed.row.name)} is in the trash.`, trashed);
}

function assertMayReplace(existing: PlacedNode, request: UploadRequest): void {
  const { row } = existing;
  const { fileId, baseVersion, baseRevision, ifMatch, ifNoneMatch, onConflict } = request;
  if (fileId !== undefined && row.kind !== "file") {
    throw new HoldfastError("invalid_field", `${JSON.stringify(row.name)} is not a file.`, { field: "file_id" });
  }
  if (ifNoneMatch === true) throw withNode("precondition", taken(row), existing);
  const refusal = baseRefusal(row, request);
  if (refusal !== undefined) throw withNode(refusal.code, refusal.message, existing);
  const hasBase = baseVersion !== undefined || baseRevision !== undefined || ifMatch !== undefined;
  const known = fileId !== undefined || (hasBase && row.kind === "file");
  if (known || onConflict === "rename" || onConflict === "replace") return;
  throw withNode("exists", taken(row), existing);
}

function taken(row: NodeRow): string {
  return `There is already a ${row.kind} ${JSON.stringify(row.name)} here.`;
}

function assertNoBase({ baseVersion, baseRevision, ifMatch }: UploadRequest): void {
  if (ifMatch !== undefined)
    throw new HoldfastError("precondition", "If-Match requires an existing file, but there is none.");
  if (baseVersion === undefined && baseRevision === undefined) return;
  const field = baseVersion === undefined ? "base_revision" : "base_version";
  throw new HoldfastError("conflict", "The file that you changed no longer exists.", { field });
}

/** True if a new file of this size fits. Ignores a file that it would replace. */
export async function fitsQuota(shards: Shards, spaceId: SpaceId, sizeBytes: number): Promise<boolean> {
  return sizeBytes <= (await readFreeBytes(shards, spaceId));
}

function withNode(
  code: "trashed" | "exists" | "conflict" | "precondition",
  message: string,
  node: PlacedNode,
): HoldfastError {
  const field = code === "exists" ? { field: "name" } : {};
  return new HoldfastError(code, message, { ...field, body: { node: nodeJson(node) } });
}
