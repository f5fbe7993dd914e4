import type { CodecPool } from "@holdfast/codec/pool";
import { hashBytes } from "@holdfast/core/hash-hex";
import { type HashHex, isId, type NodeId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import { encodeFrame } from "@holdfast/protocol/frames";
import type { BlockService, ReadingOptions } from "../../packs/service/block-service.ts";
import type { StoredBlock } from "../../packs/read/stored-block.ts";
import { Gathering } from "../../features/content/gathering.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findKnownBlocks } from "../../tree/read/known-blocks.ts";
import { findVisibleVersions } from "../../tree/read/visible-versions.ts";
import { readBase, readPlain } from "./read-plain.ts";

interface AskedItem {
  readonly version_id?: string | undefined;
  readonly hashes: readonly HashHex[];
  readonly bases?: Readonly<Record<string, HashHex>> | undefined;
}

export interface WantedBlock {
  readonly hash: HashHex;
  /** undefined: the caller may not read the version, and the block is reported as absent */
  readonly spaceId: SpaceId | undefined;
  /** Block of the caller, against which this block may be sent as a patch. */
  readonly base: HashHex | undefined;
}

export interface Wanted {
  readonly blocks: readonly WantedBlock[];
  /** Versions in other spaces that give access to some of the blocks. */
  readonly ofOthers: readonly VersionId[];
  /** Nodes of all versions that give access. */
  readonly nodeIds: readonly NodeId[];
}

/** A version in another user's space gives access only to its own blocks. */
export async function findWanted(shards: Shards, caller: Actor, items: readonly AskedItem[]): Promise<Wanted> {
  const named = items.flatMap(({ version_id }) =>
    version_id !== undefined && isId(version_id) ? [version_id as VersionId] : [],
  );
  const versions = new Map<VersionId, SpaceId>();
  const visible = await findVisibleVersions(shards, caller, [...new Set(named)]);
  for (const { id, spaceId } of visible) versions.set(id, spaceId);
  const own = caller.owns ? caller.spaceId : undefined;
  const wanted: WantedBlock[] = [];
  for (const { version_id, hashes, bases = {} } of items) {
    const spaceId = version_id === undefined ? own : versions.get(version_id as VersionId);
    if (spaceId === undefined || spaceId === own) {
      wanted.push(...hashes.map((hash) => ({ hash, spaceId, base: bases[hash] })));
      continue;
    }
    const reader = { ...caller, owns: false, spaceId };
    const asked = [...hashes, ...hashes.flatMap((hash) => bases[hash] ?? [])];
    const known = await findKnownBlocks(shards, reader, asked, version_id === undefined ? [] : [version_id]);
    const ifKnown = (base: HashHex | undefined) => (base !== undefined && known.has(base) ? base : undefined);
    const spaceOf = (hash: HashHex) => (known.has(hash) ? spaceId : undefined);
    wanted.push(...hashes.map((hash) => ({ hash, spaceId: spaceOf(hash), base: ifKnown(bases[hash]) })));
  }
  const ofOthers = [...versions].flatMap(([id, spaceId]) => (spaceId === own ? [] : [id]));
  return { blocks: wanted, ofOthers, nodeIds: [...new Set(visible.map(({ node_id }) => node_id))] };
}

interface FetchOptions
  extends Required<Pick<ReadingOptions, "signal" | "reading">>, Pick<ReadingOptions, "passesOver"> {
  readonly own: SpaceId | undefined;
}

/**
 * Yields the frames in the order of the request, across spaces. A damaged block is treated as absent and does not stop
 * the others. Only a request for this one block fails with `damaged` and the affected files.
 */
export async function* fetchFrames(
  parts: { readonly blocks: BlockService; readonly codec: CodecPool },
  wanted: readonly WantedBlock[],
  given: FetchOptions,
): AsyncGenerator<Uint8Array> {
  const options: FetchOptions = wanted.length === 1 ? given : { ...given, passesOver: "damaged" };
  for (let start = 0; start < wanted.length;) {
    const spaceId = wanted.slice(start).find((block) => block.spaceId !== undefined)?.spaceId;
    const next = wanted.findIndex(
      (block, index) => index > start && block.spaceId !== undefined && block.spaceId !== spaceId,
    );
    const end = next === -1 ? wanted.length : next;
    yield* readFrames(parts, spaceId, wanted.slice(start, end), options);
    start = end;
  }
}

async function* readFrames(
  { blocks, codec }: { readonly blocks: BlockService; readonly codec: CodecPool },
  spaceId: SpaceId | undefined,
  wanted: readonly WantedBlock[],
  { own, ...options }: FetchOptions,
): AsyncGenerator<Uint8Array> {
  if (spaceId === undefined) {
    for (const { hash } of wanted) yield* absentFrame(hash);
    return;
  }
  const readable = blocks.read(
    spaceId,
    wanted.filter((item) => item.spaceId !== undefined).map((item) => item.hash),
    { ...options, passing: true, asOwner: spaceId === own },
  );
  try {
    yield* framesOf({ blocks, codec }, spaceId, wanted, { readable, signal: options.signal });
  } finally {
    // Blocks hold memory until the reader ends, also after a disconnect.
    await readable.return(undefined);
  }
}

async function* framesOf(
  { blocks, codec }: { readonly blocks: BlockService; readonly codec: CodecPool },
  spaceId: SpaceId,
  wanted: readonly WantedBlock[],
  { readable, signal }: { readonly readable: ReturnType<BlockService["read"]>; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const gathering = new Gathering();
  for (const { hash, spaceId: readableIn, base } of wanted) {
    const step = readableIn !== undefined ? await readable.next() : undefined;
    const block = step?.done === false ? step.value : undefined;
    const patch =
      block === undefined || base === undefined
        ? undefined
        : await patchFrame({ blocks, codec }, spaceId, { block, base, signal });
    const pieces = patch ?? (block === undefined ? absentFrame(hash) : storedFrame(block));
    // `yield*` would wait several times for each piece, although most pieces only gather.
    for (const piece of pieces) for (const gathered of gathering.add(piece)) yield gathered;
  }
  yield* gathering.end();
  // The reader releases the memory of the last blocks only at its end.
  await readable.next();
}

/** For smaller blocks, the base's hash and the second read cost about as much as the block. */
const patchedBytesMin = 4096;

/** @returns undefined if the block no longer exists or the space does not have the base */
async function patchFrame(
  { blocks, codec }: { blocks: BlockService; codec: CodecPool },
  spaceId: SpaceId,
  { block, base, signal }: { block: StoredBlock; base: HashHex; signal: AbortSignal },
): Promise<Uint8Array[] | undefined> {
  const { hash, sizeBytes: size } = block;
  if (block.payload.length < patchedBytesMin) return undefined;
  const basePlain = await readBase(blocks, spaceId, base, signal);
  const next = basePlain === undefined ? undefined : await readPlain(blocks, spaceId, hash, signal);
  if (basePlain === undefined || next === undefined) return undefined;
  const payload = await codec.run("encodePatchTask", { base: basePlain, next });
  if (payload === undefined || payload.length + hashBytes >= block.payload.length) return undefined;
  return encodeFrame({ kind: "patch", hash, size, payload, base });
}

function storedFrame({ hash, sizeBytes, codec, payload }: StoredBlock): Uint8Array[] {
  return encodeFrame({ kind: codec, hash, size: sizeBytes, payload });
}

function absentFrame(hash: HashHex): Uint8Array[] {
  return encodeFrame({ kind: "absent", hash, size: 0, payload: new Uint8Array(0) });
}
