import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { type HashHex, isId, type NodeId, type VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { applySplices, decodeSegment, type ManifestEntry } from "@holdfast/core/manifest";
import { nameKey } from "@holdfast/core/names";
import { type Kysely, sql } from "kysely";
import type { Actor } from "../actor.ts";
import { hashArray } from "../../base/db/array-parameters.ts";
import type { ShardTables, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { decodeEntries, encodeContent, type NewContent, segmentHashesOf } from "../content/content.ts";
import { deviceSuspended } from "../brake/device-suspended.ts";
import { type KnowsLost, withLost } from "./lost-content.ts";
import { loadNumberedVersions, loadVersions } from "./load.ts";
import { findNodes } from "../read/look-up.ts";
import type { Operation } from "./operation.ts";
import { readerNeeded } from "./rights.ts";
import type { OperationOf } from "./operation-of.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import { stageSegments } from "./stage-segments.ts";
import { Tree } from "./tree.ts";
import type { Step } from "./work.ts";

export interface Preparation {
  readonly shards: Shards;
  readonly db: Kysely<ShardTables>;
  readonly caller: Actor;
  readonly nowMicros: number;
  readonly pieces: PieceSizes;
  readonly brakes: boolean;
  readonly blocks: KnowsLost;
}

/**
 * Does everything that needs no lock: reads, checks and encodes manifests, and stages segments of long ones. An invalid
 * operation gets its error as its result later, and does not stop the others.
 */
export async function prepareSteps(
  preparation: Preparation,
  operations: readonly Operation[],
): Promise<readonly Step[]> {
  const bases = await loadBases(preparation, operations);
  const steps: Step[] = [];
  for (const operation of operations) {
    steps.push(await prepareStep(preparation, operation, bases));
  }
  return withLost(preparation, steps);
}

type Bases = ReadonlyMap<Operation, readonly ManifestEntry[]>;

async function prepareStep(preparation: Preparation, operation: Operation, bases: Bases): Promise<Step> {
  const { caller, db, nowMicros, pieces, brakes } = preparation;
  const base = bases.get(operation);
  const named = caller.owns ? undefined : new Set(base?.map(({ hash }) => hash));
  const step = {
    caller,
    operation,
    refused: undefined,
    content: undefined,
    missing: [],
    lost: [],
    attach: undefined,
    named,
  };
  const early = refusalOf(caller, operation, brakes);
  if (early !== undefined) return { ...step, refused: early };
  if (operation.op !== "put") return step;
  try {
    const content = encodePut(operation, base);
    if (content === undefined || content.newSegments.length === 0) return { ...step, content };
    if (named !== undefined) {
      const unknown = await findUnknown(db, caller, content, named);
      if (unknown.length > 0) return { ...step, content, missing: unknown };
    }
    const missing = await stageSegments({ db, spaceId: caller.spaceId, nowMicros, pieces }, content.newSegments);
    return { ...step, content, missing };
  } catch (error) {
    const refused = toHoldfastError(error);
    // Database errors are not the operation's fault.
    if (refused.retryable || refused.code === "internal" || refused.code === "damaged") throw error;
    return { ...step, refused };
  }
}

function refusalOf(caller: Actor, operation: Operation, brakes: boolean): HoldfastError | undefined {
  const { suspendedAtMicros } = caller;
  if (brakes && suspendedAtMicros !== undefined && operation.rewindId === undefined)
    return deviceSuspended(suspendedAtMicros);
  if (caller.writesOnly === true && bringsContent(operation)) return readerNeeded();
  return operation.op === "copy" && operation.from instanceof HoldfastError ? operation.from : undefined;
}

/** Returns true if existing content of the space would also appear in another place. */
function bringsContent(operation: Operation): boolean {
  return operation.op === "copy" || (operation.op === "put" && operation.content.sourceVersion !== undefined);
}

/** @returns undefined if the base of the splices is missing. The step then reports the current node under the lock. */
function encodePut(
  { content }: OperationOf<"put">,
  base: readonly ManifestEntry[] | undefined,
): NewContent | undefined {
  if ((content.blocks === undefined) === (content.splices === undefined)) {
    throw new HoldfastError("invalid_field", "Either blocks or splices are required.", { field: "blocks" });
  }
  const { sourceVersion } = content;
  if (content.blocks !== undefined) {
    if (sourceVersion === undefined) return encodeContent(content.blocks, content.sizeBytes, content.contentId);
    throw new HoldfastError("invalid_field", "Only splices have a source version.", { field: "source_version" });
  }
  if (base === undefined && sourceVersion !== undefined) {
    throw new HoldfastError("not_found", "There is no such source version.", { field: "source_version" });
  }
  if (base === undefined) return undefined;
  return encodeContent(applySplices(base, content.splices ?? []), content.sizeBytes, content.contentId);
}

/** Versions never change, so no lock is needed. */
async function loadBases(preparation: Preparation, operations: readonly Operation[]): Promise<Bases> {
  const { db, caller } = preparation;
  // A caller who does not own the space may use the blocks of the base in addition to its own uploads.
  const spliced = operations.filter(
    (operation): operation is OperationOf<"put"> =>
      operation.op === "put" &&
      (operation.content.splices !== undefined || (!caller.owns && operation.baseVersion !== undefined)),
  );
  if (spliced.length === 0) return new Map();
  const space = await spaceOf(db, caller);
  const tree = new Tree(db, caller.spaceId, space.root_id);
  const byId: VersionId[] = [];
  const sources: VersionId[] = [];
  const byNumber: { nodeId: NodeId; number: number }[] = [];
  const wanted = new Map<Operation, (version: VersionRow) => boolean>();
  for (const operation of spliced) {
    const source = operation.content.sourceVersion;
    if (source !== undefined) {
      if (isId(source)) sources.push(source as VersionId);
      continue;
    }
    const base = operation.baseVersion;
    if (typeof base === "string" && isId(base)) {
      byId.push(base as VersionId);
      wanted.set(operation, (version) => version.id === base);
      continue;
    }
    const nodeId = await nodeIdOf(tree, caller.rootId, operation);
    const number = Number(base);
    if (nodeId === undefined || !Number.isSafeInteger(number) || number < 1) continue;
    byNumber.push({ nodeId, number });
    wanted.set(operation, (version) => version.node_id === nodeId && version.number === number);
  }
  const stored = [
    ...(await loadVersions(db, caller.spaceId, byId)),
    ...(await loadNumberedVersions(db, caller.spaceId, byNumber)),
  ];
  // The commit checks that the owner's base is the newest version.
  const versions = caller.owns ? stored : await onlyReadable(preparation, stored);
  const readable = await loadReadable(preparation, sources);
  const bases = new Map<Operation, readonly ManifestEntry[]>();
  for (const operation of spliced) {
    const source = operation.content.sourceVersion;
    const version =
      source === undefined
        ? versions.find(wanted.get(operation) ?? (() => false))
        : readable.find(({ id }) => id === source);
    if (version !== undefined) bases.set(operation, await readManifest(db, version));
  }
  return bases;
}

/** The commit checks a base later, but a source must be readable now. */
async function loadReadable(preparation: Preparation, ids: readonly VersionId[]): Promise<VersionRow[]> {
  if (ids.length === 0) return [];
  const { db, caller } = preparation;
  return onlyReadable(preparation, await loadVersions(db, caller.spaceId, [...new Set(ids)]));
}

async function onlyReadable({ shards, caller }: Preparation, versions: readonly VersionRow[]): Promise<VersionRow[]> {
  const nodes = await findNodes(shards, caller, [...new Set(versions.map((version) => version.node_id))]);
  return versions.filter(({ node_id, space_id }) => nodes.get(node_id)?.row.space_id === space_id);
}

/** Returns the blocks of a long list that a caller who does not own the space may not use. Index: the primary key. */
async function findUnknown(
  db: Kysely<ShardTables>,
  { spaceId, userId }: Actor,
  content: NewContent,
  named: ReadonlySet<HashHex>,
): Promise<HashHex[]> {
  const hashes = new Set(content.newSegments.flatMap(({ entries }) => entries.map(({ hash }) => hash)));
  const asked = [...hashes].filter((hash) => !named.has(hash));
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${hashArray(asked)}) and uploader = ${userId}`.execute(db);
  const sent = new Set(rows.map(({ hash }) => hash));
  return asked.filter((hash) => !sent.has(hash));
}

export async function readManifest(db: Kysely<ShardTables>, version: VersionRow): Promise<ManifestEntry[]> {
  if (version.segments === null) return decodeEntries(version.manifest ?? Buffer.alloc(0));
  const hashes = segmentHashesOf(version.segments);
  const { rows } = await sql<{ hash: Buffer; entries: Buffer }>`
    select hash, entries from shard.segments
    where space_id = ${version.space_id} and hash = any(${hashArray([...new Set(hashes)])})`.execute(db);
  const segments = new Map(rows.map((row) => [row.hash.toString("hex") as HashHex, decodeSegment(row.entries)]));
  return hashes.flatMap((hash) => {
    const entries = segments.get(hash);
    if (entries === undefined) throw new HoldfastError("damaged", `Segment ${hash} of version ${version.id} is gone.`);
    return entries;
  });
}

/** The operation itself reports an invalid place later. */
async function nodeIdOf(
  tree: Tree,
  rootId: NodeId,
  { fileId, place }: OperationOf<"put">,
): Promise<NodeId | undefined> {
  if (fileId !== undefined) return isId(fileId) ? (fileId as NodeId) : undefined;
  if (place?.path !== undefined && Buffer.byteLength(place.path) > limits.pathBytesMax) return undefined;
  const parentId = place?.parentId === undefined || place.parentId === "root" ? rootId : place.parentId;
  const names = place?.path === undefined ? [place?.name ?? ""] : place.path.split("/").filter((name) => name !== "");
  let at: NodeId | undefined = place?.path === undefined ? (parentId as NodeId) : (place.under ?? rootId);
  if (!isId(at)) return undefined;
  for (const name of names) {
    at = at === undefined ? undefined : (await tree.child(at, nameKey(name)))?.id;
  }
  return at;
}

async function spaceOf(db: Kysely<ShardTables>, caller: Actor): Promise<SpaceRow> {
  const { rows } = await sql<SpaceRow>`select * from shard.spaces where id = ${caller.spaceId}`.execute(db);
  if (rows[0] === undefined) throw new HoldfastError("not_found", "There is no such space.");
  return rows[0];
}
