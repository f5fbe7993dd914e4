import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { framesContentType, readFrames } from "@holdfast/protocol/frames";
import type { AccountWorld } from "../../accounts/account-world.ts";
import type { Caller } from "../../accounts/caller.ts";
import { findLiveCredentials } from "../../accounts/live-credentials.ts";
import type { BlockService, IncomingBlock } from "../../blocks/block-service.ts";
import { passingSlices } from "../../blocks/freed-bytes.ts";
import { assertUncounted } from "../../links/count-download.ts";
import type { Shards } from "../../db/shards.ts";
import type { Actor } from "../../metadata/actor.ts";
import { findKnownBlocks } from "../../metadata/content/known-blocks.ts";
import { actIn, findNode, followMount } from "../../metadata/read/look-up.ts";
import { assertMay } from "../../rights/roles.ts";
import { loadRights } from "../../rights/space-rights.ts";
import { findActor } from "../../sharing/mounts.ts";
import { blockSizes } from "../../metadata/content/block-sizes.ts";
import { fetchFrames, findWanted } from "./fetch-frames.ts";
import { tellingRoom } from "../../metadata/weight/quota-refusal.ts";
import type { Handlers } from "../handler.ts";
import { primed } from "./primed.ts";
import { formatContentRange, parseRange } from "../files/ranges.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import { storeFrames } from "./store-frames.ts";
import { readUploadGrant, signUploadGrant, type UploadGrant } from "./upload-grant.ts";

/** Blocks without files: asked for, sent, fetched. */
export function blockHandlers(world: AccountWorld, blocks: BlockService, codec: CodecPool) {
  const { shards } = world;

  /** The caller in the space that takes the blocks: that of the node `into`. */
  const actorInto = async (caller: Caller, into = "root"): Promise<Actor> => {
    if (caller.owns && into === "root") return caller;
    const folder = await followMount(shards, caller, await findNode(shards, caller, into, "create"));
    assertMay(folder, "create");
    return actIn(shards, caller, folder);
  };
  const mayUse = async (actor: Actor, base: HashHex): Promise<boolean> =>
    (await findKnownBlocks(shards, actor, [base])).has(base);

  return {
    queryBlocks: async ({ caller, body, charge }) => {
      await charge("operations", Math.ceil(body.hashes.length / 100));
      const actor = await actorInto(caller, body.into);
      const known = await findKnownBlocks(shards, actor, body.hashes, body.version_ids);
      const held = await blocks.held(actor.spaceId, [...known]);
      return {
        status: 200,
        json: {
          have: body.hashes.filter((hash) => held.has(hash)),
          missing: body.hashes.filter((hash) => !held.has(hash)),
        },
      };
    },
    putBlocks: async ({ caller, query, stream, contentLengthBytes }) => {
      const actor = await actorInto(caller, query.into);
      const room = blocks.room(contentLengthBytes);
      const frames = readFrames(passingSlices(stream), { place: room.place });
      const stored = await storeFrames({ blocks, codec }, { actorOf: () => actor, mayUse, room }, frames);
      return { status: 200, json: { stored } };
    },
    putBlock: async ({ caller, params, query, stream }) => {
      const actor = await actorInto(caller, query.into);
      const payload = await readBlock(stream);
      await tellingRoom(actor, blocks.store(actor.spaceId, caller.userId, [rawBlock(params.hash, payload)]));
      return { status: 201, json: { hash: params.hash, size: payload.length } };
    },
    getBlock: async ({ caller, params, headers: { range }, head, signal, reading }) => {
      const { hash } = params;
      if (!caller.owns) throw new HoldfastError("forbidden", "A link opens files, not blocks by their hashes.");
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
      await assertUncounted(shards, caller);
      const wanted = await findWanted(shards, caller, body.items);
      const patches = wanted.filter(({ base }) => base !== undefined).length;
      if (patches > 0) await charge("operations", patches);
      return {
        status: 200,
        bytes: await primed(fetchFrames({ blocks, codec }, wanted, { signal, reading })),
        headers: { "content-type": framesContentType },
      };
    },
    createBlockUploadUrl: async ({ caller, body, peer }) => {
      const actor = await actorInto(caller, body.into);
      const expiresAtMs = world.clock.nowMs() + limits.uploadUrlLifetimeMs;
      const grant = signUploadGrant(world.secrets.grantKey, {
        userId: caller.userId,
        credential: caller.credential,
        spaceId: actor.spaceId,
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
      const isGood =
        grant !== undefined && live?.has(grant.credential.id) === true && (await mayStillSend(shards, grant));
      if (!isGood) {
        throw new HoldfastError("unauthenticated", "This upload URL is not valid or has expired. Ask for a new one.");
      }
      const payload = await readBlock(stream);
      if (payload.length !== grant.sizeBytes) {
        throw new HoldfastError("hash_mismatch", `The URL takes ${grant.sizeBytes} bytes, not ${payload.length}.`);
      }
      // Whose space it is the URL does not say.
      const store = blocks.store(grant.spaceId, grant.userId, [rawBlock(grant.hash, payload)]);
      await tellingRoom({ owns: false }, store);
      return { status: 201, json: { hash: grant.hash, size: payload.length } };
    },
  } satisfies Handlers;
}

/** The right to put something into the space may have ended since the URL was given. */
async function mayStillSend(shards: Shards, { userId, spaceId }: UploadGrant): Promise<boolean> {
  const actor = await findActor(shards, userId);
  if (actor?.spaceId === spaceId) return true;
  const rights = await loadRights(shards.ofId(spaceId).db, actor?.grantees ?? [userId], spaceId);
  return rights.get(spaceId)?.allowSomewhere("create") === true;
}

function rawBlock(hash: HashHex, payload: Uint8Array): IncomingBlock {
  if (payload.length === 0) throw new HoldfastError("bad_request", "A block has at least one byte.");
  return { hash, sizeBytes: payload.length, codec: "raw", payload, verified: false };
}

function readBlock(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return readBounded(stream, limits.blockBytesMax, "A block");
}
