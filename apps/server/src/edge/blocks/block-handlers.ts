import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type HashHex, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { framesContentType, readFrames } from "@holdfast/protocol/frames";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { queryClearing } from "../../features/accounts/sign-in/clearings.ts";
import { idsText, openGrant, openSigner, readIds } from "../../features/accounts/callers/signed-grant.ts";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { IncomingBlock } from "../../packs/format/incoming-block.ts";
import { passingSlices } from "../../packs/format/freed-bytes.ts";
import { assertUncounted } from "../../features/links/count-download.ts";
import { whileOpen } from "../../features/content/while-open.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findKnownBlocks } from "../../tree/read/known-blocks.ts";
import { findVisibleVersions } from "../../tree/read/visible-versions.ts";
import { findGrantedNodes } from "../../tree/read/granted-nodes.ts";
import { actIn, findNode, followMount } from "../../tree/read/look-up.ts";
import { assertMay, roleMay } from "../../tree/rights/roles.ts";
import { blockSizes } from "../../tree/content/block-sizes.ts";
import { fetchFrames, findWanted } from "./fetch-frames.ts";
import { tellingRoom } from "../../tree/weight/quota-refusal.ts";
import { assertFree, readFreeBytes, roundedFreeBytes } from "../../tree/weight/used-bytes.ts";
import type { Handlers } from "../exchange/handler.ts";
import { primed } from "./primed.ts";
import { formatContentRange, parseRange } from "../exchange/ranges.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import { storeFrames } from "./store-frames.ts";

interface Into {
  readonly actor: Actor;
  readonly folderId: NodeId;
  readonly isBlind: boolean;
}

export function blockHandlers(world: AccountWorld, blocks: BlockService, codec: CodecPool) {
  const { shards } = world;

  /** Finds the folder, and the caller as an actor in its space, which stores the blocks. */
  const settleInto = async (caller: Caller, into = "root"): Promise<Into> => {
    if (caller.owns && into === "root") return { actor: caller, folderId: caller.rootId, isBlind: false };
    const folder = await followMount(shards, caller, await findNode(shards, caller, into, "create"));
    assertMay(folder, "create");
    const isBlind = !roleMay(folder.role, "read");
    return { actor: await actIn(shards, caller, folder), folderId: folder.row.id, isBlind };
  };
  const actorInto = async (caller: Caller, into?: string) => (await settleInto(caller, into)).actor;
  const assertRoom = async ({ actor, isBlind }: Into, growthBytes: number): Promise<void> => {
    const freeBytes = await readFreeBytes(shards, actor.spaceId);
    assertFree(isBlind ? roundedFreeBytes(freeBytes) : freeBytes, growthBytes);
  };
  const mayUse = async (actor: Actor, base: HashHex): Promise<boolean> =>
    (await findKnownBlocks(shards, actor, [base])).has(base);

  return {
    queryBlocks: async ({ caller, body, charge }) => {
      await charge("operations", Math.ceil(body.hashes.length / 100));
      const into = await settleInto(caller, body.into);
      const { actor } = into;
      if (body.growth_bytes !== undefined) await tellingRoom(actor, assertRoom(into, body.growth_bytes));
      if (body.send_bytes !== undefined) await blocks.assertRoom(actor.spaceId, body.send_bytes);
      const known = await findKnownBlocks(shards, actor, body.hashes, body.version_ids);
      const held = await blocks.held(actor.spaceId, [...known]);
      const missing = body.hashes.filter((hash) => !held.has(hash));
      if (missing.length > 0) await blocks.assertRoom(actor.spaceId, leastBytes(body, missing.length));
      return { status: 200, json: { have: body.hashes.filter((hash) => held.has(hash)), missing } };
    },
    putBlocks: async ({ caller, query, stream, contentLengthBytes }) => {
      const actor = await actorInto(caller, query.into);
      await blocks.assertRoom(actor.spaceId, contentLengthBytes ?? 0);
      const room = blocks.room(contentLengthBytes);
      const frames = readFrames(passingSlices(stream), { place: room.place });
      const stored = await storeFrames({ blocks, codec }, { actorOf: () => actor, mayUse, room }, frames);
      return { status: 200, json: { stored } };
    },
    discardBlocks: async ({ caller, body, charge }) => {
      await charge("operations", Math.ceil(body.hashes.length / 100));
      const { spaceId, owns } = await actorInto(caller, body.into);
      // The response would reveal whether a file of the space has the content. Discarded blocks also use space outside
      // the quota for a while.
      if (!owns) return { status: 200, json: { discarded: 0, bytes: 0 } };
      const { count, bytes } = await blocks.discard(spaceId, caller.userId, body.hashes);
      return { status: 200, json: { discarded: count, bytes } };
    },
    putBlock: async ({ caller, params, query, stream, contentLengthBytes }) => {
      const actor = await actorInto(caller, query.into);
      await blocks.assertRoom(actor.spaceId, contentLengthBytes ?? 0);
      const payload = await readBlock(stream);
      await tellingRoom(actor, blocks.store(actor.spaceId, caller.userId, [rawBlock(params.hash, payload)]));
      return { status: 201, json: { hash: params.hash, size: payload.length } };
    },
    getBlock: async ({ caller, params, headers: { range }, head, signal, reading }) => {
      const { hash } = params;
      if (!caller.owns)
        throw new HoldfastError("forbidden", "A link gives access to files, not to blocks by their hashes.");
      const size = (await blockSizes(shards, caller.spaceId, [hash])).get(hash);
      if (size === undefined) throw new HoldfastError("not_found", "There is no such block, or you may not see it.");
      const [part, ...more] = parseRange(range, size) ?? [];
      const isPart = part !== undefined && more.length === 0;
      const { start, end } = isPart ? part : { start: 0, end: size };
      const options = { signal, reading, passing: true, asOwner: true };
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
    fetchBlocks: async ({ caller, body, signal, reading, charge, note }) => {
      const count = body.items.reduce((sum, { hashes }) => sum + hashes.length, 0);
      if (count > limits.queryHashesMax) {
        throw new HoldfastError("invalid_field", `One request fetches at most ${limits.queryHashesMax} blocks.`, {
          field: "items",
        });
      }
      await assertUncounted(shards, caller);
      const { blocks: wanted, ofOthers, nodeIds } = await findWanted(shards, caller, body.items);
      note({ nodeIds, count });
      const patches = wanted.filter(({ base }) => base !== undefined).length;
      if (patches > 0) await charge("operations", patches);
      const own = caller.owns ? caller.spaceId : undefined;
      const frames = fetchFrames({ blocks, codec }, wanted, { signal, reading, own });
      const seesAll = async (now: Caller) =>
        (await findVisibleVersions(shards, now, ofOthers)).length === ofOthers.length;
      return {
        status: 200,
        bytes: await primed(whileOpen(world, caller, frames, ofOthers.length === 0 ? undefined : seesAll)),
        headers: { "content-type": framesContentType },
      };
    },
    queryClearing: async ({ body, note }) => {
      const { known, ...of } = await queryClearing(world, blocks, body);
      note(of);
      return { status: 200, json: { known } };
    },
    createBlockUploadUrl: async ({ caller, body, peer }) => {
      const { actor, folderId } = await settleInto(caller, body.into);
      const expiresAtMs = world.clock.nowMs() + limits.uploadUrlLifetimeMs;
      const facts = [idsText([actor.spaceId, folderId]), body.hash, body.size].join(".");
      const grant = openSigner(world, caller, "block upload", expiresAtMs)(facts);
      return {
        status: 200,
        json: { url: `${peer.origin}/api/v1/blocks/signed/${grant}`, expires_at: formatTime(expiresAtMs * 1000) },
      };
    },
    putSignedBlock: async ({ params, stream, countFor }) => {
      const grant = await openGrant(world, "block upload", params.grant);
      if (grant?.caller.scopes.has("files:write") !== true) throw noSuchUpload();
      countFor(grant.caller);
      const upload = readUpload(grant.facts);
      if (!(await mayStillSend(shards, grant.caller, upload))) throw noSuchUpload();
      const { spaceId, hash, sizeBytes } = upload;
      const payload = await readBlock(stream);
      if (payload.length !== sizeBytes) {
        throw new HoldfastError("hash_mismatch", `The URL takes ${sizeBytes} bytes, not ${payload.length}.`);
      }
      // The URL does not reveal whose space it is.
      const store = blocks.store(spaceId, grant.caller.userId, [rawBlock(hash, payload)]);
      await tellingRoom({ owns: false }, store);
      return { status: 201, json: { hash, size: payload.length } };
    },
  } satisfies Handlers;
}

/** Returns more than 0 only if all blocks are missing. */
function leastBytes(
  {
    growth_bytes: growthBytes = 0,
    hashes,
  }: { readonly growth_bytes?: number | undefined; readonly hashes: readonly HashHex[] },
  missing: number,
): number {
  return missing < hashes.length ? 0 : Math.max(0, Math.min(growthBytes, missing * limits.blockBytesMax));
}

function noSuchUpload(): HoldfastError {
  return new HoldfastError("unauthenticated", "This upload URL is not valid or has expired. Request a new one.");
}

/** The right may have ended after the URL was issued. */
async function mayStillSend(shards: Shards, caller: Caller, { spaceId, folderId }: Upload): Promise<boolean> {
  if (caller.owns && caller.spaceId === spaceId) return true;
  const sender: Actor = { ...caller, bucket: bucketOf(spaceId), spaceId, rootId: folderId, owns: false };
  const folder = (await findGrantedNodes(shards, sender, [folderId], "create")).get(folderId);
  return folder !== undefined && roleMay(folder.role, "create");
}

/** A signed upload URL allows one block in the space of a folder, as long as its caller may add to the folder. */
interface Upload {
  readonly spaceId: SpaceId;
  readonly folderId: NodeId;
  readonly hash: HashHex;
  readonly sizeBytes: number;
}

function readUpload(facts: string): Upload {
  const [ids = "", hash = "", size] = facts.split(".");
  const [spaceId, folderId] = readIds(ids);
  return { spaceId: spaceId as SpaceId, folderId: folderId as NodeId, hash: hash as HashHex, sizeBytes: Number(size) };
}

function rawBlock(hash: HashHex, payload: Uint8Array): IncomingBlock {
  if (payload.length === 0) throw new HoldfastError("bad_request", "A block has at least one byte.");
  return { hash, sizeBytes: payload.length, codec: "raw", payload, verified: false };
}

function readBlock(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return readBounded(stream, limits.blockBytesMax, "A block");
}
