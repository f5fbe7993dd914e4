import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes } from "@holdfast/core/hash-hex";
import { type HashHex, isId, type SpaceId, type VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { encodeFrame, framesContentType, readFrames } from "@holdfast/protocol/frames";
import type { AccountWorld } from "../../accounts/account-world.ts";
import type { Caller } from "../../accounts/caller.ts";
import { findLiveCredentials } from "../../accounts/live-credentials.ts";
import type { BlockService, IncomingBlock, ReadingOptions, StoredBlock } from "../../blocks/block-service.ts";
import { passingSlices } from "../../blocks/freed-bytes.ts";
import { findNode } from "../../metadata/read/look-up.ts";
import { knownVersions } from "../../metadata/content/manifests.ts";
import { blockSizes } from "../../metadata/content/block-sizes.ts";
import { Gathering } from "../../content/gathering.ts";
import type { Handlers } from "../handler.ts";
import { primed } from "./primed.ts";
import { formatContentRange, parseRange } from "../files/ranges.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import { readBase, readPlain } from "./read-plain.ts";
import { storeFrames } from "./store-frames.ts";
import { readUploadGrant, signUploadGrant } from "./upload-grant.ts";

/** Blocks without files: asked for, sent, fetched. */
export function blockHandlers(world: AccountWorld, blocks: BlockService, codec: CodecPool) {
  const { shards } = world;

  /** The space that takes the blocks: that of the node `into`, which must be the caller's own until folders are shared. */
  const spaceInto = async (caller: Caller, into: string | undefined): Promise<SpaceId> => {
    if (into === undefined || into === "root") return caller.spaceId;
    return (await findNode(shards, caller, into)).row.space_id;
  };

  return {
    queryBlocks: async ({ caller, body, charge }) => {
      await charge("operations", Math.ceil(body.hashes.length / 100));
      const space = await spaceInto(caller, body.into);
      const held = await blocks.held(space, [...new Set(body.hashes)]);
      return {
        status: 200,
        json: {
          have: body.hashes.filter((hash) => held.has(hash)),
          missing: body.hashes.filter((hash) => !held.has(hash)),
        },
      };
    },
    putBlocks: async ({ caller, query, stream, contentLengthBytes }) => {
      const space = await spaceInto(caller, query.into);
      const room = blocks.room(contentLengthBytes);
      const frames = readFrames(passingSlices(stream), { place: room.place });
      const stored = await storeFrames({ blocks, codec }, { spaceId: space, uploader: caller.userId, room }, frames);
      return { status: 200, json: { stored } };
    },
    putBlock: async ({ caller, params, query, stream }) => {
      const space = await spaceInto(caller, query.into);
      const payload = await readBlock(stream);
      await blocks.store(space, caller.userId, [rawBlock(params.hash, payload)]);
      return { status: 201, json: { hash: params.hash, size: payload.length } };
    },
    getBlock: async ({ caller, params, headers: { range }, head, signal, reading }) => {
      const { hash } = params;
      const size = (await blockSizes(shards, caller.spaceId, [hash])).get(hash);
      if (size === undefined) throw new HoldfastError("not_found", "There is no such block, or you may not see it.");
      const [part, ...more] = parseRange(range, size) ?? [];
      const isPart = part !== undefined && more.length === 0;
      const { start, end } = isPart ? part : { start: 0, end: size };
      const options = { signal, reading, passing: true };
      const bytes = head ? "" : await primed(blocks.readRange(caller.spaceId, [{ hash, size }], start, end, options));
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": end - start,
        "accept-ranges": "bytes",
        etag: `"${params.hash}"`,
        ...(isPart ? { "content-range": formatContentRange(part, size) } : {}),
      };
      return { status: isPart ? 206 : 200, bytes, headers };
    },
    fetchBlocks: async ({ caller, body, signal, reading, charge }) => {
      const count = body.items.reduce((sum, { hashes }) => sum + hashes.length, 0);
      if (count > limits.queryHashesMax) {
        throw new HoldfastError("invalid_field", `One request fetches at most ${limits.queryHashesMax} blocks.`, {
          field: "items",
        });
      }
      const wanted = await readableHashes(caller, body.items);
      const patches = wanted.filter(({ base }) => base !== undefined).length;
      if (patches > 0) await charge("operations", patches);
      return {
        status: 200,
        bytes: await primed(fetchFrames({ blocks, codec }, caller.spaceId, wanted, { signal, reading })),
        headers: { "content-type": framesContentType },
      };
    },
    createBlockUploadUrl: async ({ caller, body, peer }) => {
      const space = await spaceInto(caller, body.into);
      const expiresAtMs = world.clock.nowMs() + limits.uploadUrlLifetimeMs;
      const grant = signUploadGrant(world.secrets.grantKey, {
        userId: caller.userId,
        credential: caller.credential,
        spaceId: space,
        hash: body.hash,
        sizeBytes: body.size,
        expiresAtMs,
      });
      return {
        status: 200,
        json: { url: `${peer.origin}/api/v1/blocks/signed/${grant}`, expires_at: formatTime(expiresAtMs * 1000) },
      };
    },
    putSignedBlock: async ({ params, stream }) => {
      const grant = readUploadGrant(world.secrets.grantKey, params.grant, world.clock.nowMs());
      const live = grant === undefined ? undefined : await findLiveCredentials(world, [grant.credential]);
      if (grant === undefined || live?.has(grant.credential.id) !== true) {
        throw new HoldfastError("unauthenticated", "This upload URL is not valid or has expired. Ask for a new one.");
      }
      const payload = await readBlock(stream);
      if (payload.length !== grant.sizeBytes) {
        throw new HoldfastError("hash_mismatch", `The URL takes ${grant.sizeBytes} bytes, not ${payload.length}.`);
      }
      await blocks.store(grant.spaceId, grant.userId, [rawBlock(grant.hash, payload)]);
      return { status: 201, json: { hash: grant.hash, size: payload.length } };
    },
  } satisfies Handlers;

  /** Undefined stands for what is answered as absent: blocks of a version that the caller may not read. */
  async function readableHashes(
    caller: Caller,
    items: readonly {
      version_id?: string | undefined;
      hashes: readonly HashHex[];
      bases?: Readonly<Record<string, HashHex>> | undefined;
    }[],
  ): Promise<WantedBlock[]> {
    const named = items.flatMap(({ version_id }) =>
      version_id !== undefined && isId(version_id) ? [version_id as VersionId] : [],
    );
    const own = await knownVersions(shards.of(caller.bucket), caller.spaceId, [...new Set(named)]);
    return items.flatMap(({ version_id, hashes, bases }) => {
      // A version of the caller's own space opens nothing that the space itself does not.
      const readable = version_id === undefined || own.has(version_id as VersionId);
      return hashes.map((hash) => ({ hash, readable, base: bases?.[hash] }));
    });
  }
}

function rawBlock(hash: HashHex, payload: Uint8Array): IncomingBlock {
  if (payload.length === 0) throw new HoldfastError("bad_request", "A block has at least one byte.");
  return { hash, sizeBytes: payload.length, codec: "raw", payload, verified: false };
}

function readBlock(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return readBounded(stream, limits.blockBytesMax, "A block");
}

interface WantedBlock {
  readonly hash: HashHex;
  readonly readable: boolean;
  /** Of the caller: it may come as a patch against this one. */
  readonly base: HashHex | undefined;
}

async function* fetchFrames(
  { blocks, codec }: { blocks: BlockService; codec: CodecPool },
  spaceId: SpaceId,
  wanted: readonly WantedBlock[],
  { signal, reading }: Required<Pick<ReadingOptions, "signal" | "reading">>,
): AsyncGenerator<Uint8Array> {
  const readable = blocks.read(
    spaceId,
    wanted.filter((item) => item.readable).map((item) => item.hash),
    { signal, reading, passing: true },
  );
  const gathering = new Gathering();
  for (const { hash, readable: mayRead, base } of wanted) {
    const step = mayRead ? await readable.next() : undefined;
    const block = step?.done === false ? step.value : undefined;
    const patch =
      block === undefined || base === undefined
        ? undefined
        : await patchFrame({ blocks, codec }, spaceId, { block, base, signal });
    const pieces = patch ?? (block === undefined ? absentFrame(hash) : storedFrame(block));
    // Not handed to `yield*`, which would wait several times for each piece, though most only gather.
    for (const piece of pieces) for (const gathered of gathering.add(piece)) yield gathered;
  }
  yield* gathering.end();
  // Its end: only then it takes back the memory of the last ones.
  await readable.next();
}

/** Below, the hash of the base and the second read cost about as much as the block. */
const patchedBytesMin = 4096;

/** @returns undefined where the block as it is stored is no longer, or the space does not hold the base */
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
