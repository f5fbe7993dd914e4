import { type HashHex, isId, type NodeId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { ShardQueries, VersionRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { contentOf } from "../content/content.ts";
import { entriesOf, readList } from "../content/manifests.ts";
import { foreignSource } from "./foreign-source.ts";
import { loadNumberedVersions, loadVersions } from "./load.ts";
import type { Step } from "./work.ts";

export interface KnowsLost {
  /** false: no block is damaged, so none is lost. */
  anyDamaged(spaceId: SpaceId): Promise<boolean>;
  lost(spaceId: SpaceId, hashes: readonly HashHex[]): Promise<ReadonlySet<HashHex>>;
}

interface Asking {
  readonly shards: Shards;
  readonly blocks: KnowsLost;
  readonly caller: Actor;
}

/**
 * Adds to each step the lost blocks of the version that it would make. A client that sends them repairs everything that
 * refers to them. They are read before the lock, because no transaction spans a shard and a cell.
 * A folder is copied with its lost blocks, and a rewind restores files with theirs, so that one file does not block the
 * others.
 */
export async function withLost(asking: Asking, steps: readonly Step[]): Promise<readonly Step[]> {
  const asked = steps.filter(makesVersion);
  if (asked.length === 0 || !(await asking.blocks.anyDamaged(asking.caller.spaceId))) return steps;
  const sources = await sourcesOf(asking, asked);
  const named = new Map(asked.map((step) => [step, [...hashesOf(step, sources.get(step))]]));
  const known = await findLost(asking, [...named.values()].flat());
  const lost = new Map<Step, HashHex[]>();
  for (const [step, hashes] of named) {
    const ofList = await lostOfLongList(asking, sources.get(step));
    lost.set(step, [...hashes.filter((hash) => known.has(hash)), ...ofList]);
  }
  return steps.map((step) => ({ ...step, lost: lost.get(step) ?? [] }));
}

function makesVersion({ operation, content, refused }: Step): boolean {
  if (refused !== undefined || operation.rewindId !== undefined) return false;
  return operation.op === "put" ? content !== undefined : operation.op === "copy" || operation.op === "revert";
}

/** Omits the blocks of a stored list of segments, which may be very long. */
function* hashesOf({ content }: Step, source: VersionRow | undefined): Generator<HashHex> {
  if (source !== undefined) yield* contentOf(source).blocks.keys();
  if (content === undefined) return;
  yield* content.blocks.keys();
  for (const { entries } of content.newSegments) for (const { hash } of entries) yield hash;
}

const askedAtOnce = 10_000;

async function findLost({ blocks, caller }: Asking, hashes: readonly HashHex[]): Promise<Set<HashHex>> {
  const distinct = [...new Set(hashes)];
  const lost = new Set<HashHex>();
  for (let at = 0; at < distinct.length; at += askedAtOnce) {
    for (const hash of await blocks.lost(caller.spaceId, distinct.slice(at, at + askedAtOnce))) lost.add(hash);
  }
  return lost;
}

async function lostOfLongList(asking: Asking, version: VersionRow | undefined): Promise<HashHex[]> {
  const lost = new Set<HashHex>();
  if (version === undefined || version.segments === null) return [];
  for await (const part of readList(asking.shards.ofId(version.space_id), version)) {
    const found = await findLost(
      asking,
      entriesOf(part).map(({ hash }) => hash),
    );
    for (const hash of found) lost.add(hash);
  }
  return [...lost];
}

/** Returns the versions from which copies and reverts take content. The steps check permissions later. */
async function sourcesOf({ shards, caller }: Asking, steps: readonly Step[]): Promise<Map<Step, VersionRow>> {
  const { spaceId } = caller;
  const { db } = shards.ofId(spaceId);
  const heads = await headsOf(db, spaceId, steps.flatMap(copiedHere));
  const asked = steps.map((step) => [step, sourceIdOf(step, heads)] as const);
  const ids = asked.flatMap(([, id]) => (typeof id === "string" && isId(id) ? [id as VersionId] : []));
  const numbered = asked.flatMap(([, id]) => (typeof id === "object" ? [id] : []));
  const stored = [...(await loadVersions(db, spaceId, ids)), ...(await loadNumberedVersions(db, spaceId, numbered))];
  const found = new Map<Step, VersionRow>();
  for (const [step, id] of asked) {
    const isMeant = (version: VersionRow): boolean =>
      typeof id === "object" ? version.node_id === id.nodeId && version.number === id.number : version.id === id;
    const version = (await foreignHead(shards, step)) ?? stored.find(isMeant);
    if (version !== undefined) found.set(step, version);
  }
  return found;
}

function copiedHere({ operation }: Step): NodeId[] {
  return operation.op === "copy" && operation.from === undefined && isId(operation.fileId)
    ? [operation.fileId as NodeId]
    : [];
}

type SourceId = string | { readonly nodeId: NodeId; readonly number: number } | undefined;

function sourceIdOf({ operation }: Step, heads: ReadonlyMap<string, VersionId>): SourceId {
  if (operation.op === "copy") return heads.get(operation.fileId);
  if (operation.op !== "revert") return undefined;
  const number = Number(operation.version);
  if (!Number.isSafeInteger(number) || number < 1) return String(operation.version);
  return isId(operation.fileId) ? { nodeId: operation.fileId as NodeId, number } : undefined;
}

async function headsOf(
  db: ShardQueries,
  spaceId: SpaceId,
  ids: readonly NodeId[],
): Promise<ReadonlyMap<string, VersionId>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: NodeId; head: VersionId }>`
    select id, head_version as head from shard.nodes
    where space_id = ${spaceId} and id = any(${uuidArray(ids)}) and head_version is not null`.execute(db);
  return new Map(rows.map(({ id, head }) => [id, head]));
}

async function foreignHead(shards: Shards, { operation }: Step): Promise<VersionRow | undefined> {
  const top = foreignSource(operation)?.top;
  if (top === undefined || top.head_version === null) return undefined;
  const [head] = await loadVersions(shards.ofId(top.space_id).db, top.space_id, [top.head_version]);
  return head;
}
