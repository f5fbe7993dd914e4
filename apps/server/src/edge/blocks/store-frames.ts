import type { CodecPool } from "@holdfast/codec/pool";
import { withoutEmptyFrame } from "@holdfast/codec/zstd-frame";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Frame } from "@holdfast/protocol/frames";
import type { BlockRoom } from "../../packs/write/block-room.ts";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { LeaveOut } from "../../packs/write/parcel.ts";
import type { IncomingBlock } from "../../packs/format/incoming-block.ts";
import { refusalError } from "../../packs/format/slab.ts";
import type { Actor } from "../../tree/actor.ts";
import { tellingRoom } from "../../tree/weight/quota-refusal.ts";
import { readBase } from "./read-plain.ts";
import { isBrokenOff } from "../exchange/request-body.ts";

export interface FramesTarget {
  readonly actorOf: (hash: HashHex) => Actor;
  /** The actor may use a block of the space as the base of a patch. */
  readonly mayUse: (actor: Actor, base: HashHex) => Promise<boolean>;
  readonly room: BlockRoom;
  /**
   * Called for each invalid block, so that the others are stored. Without it, and for an invalid patch, the request is
   * rejected: the sender of a patch has the whole block.
   */
  readonly leaveOut?: LeaveOut;
}

/**
 * Complete blocks are kept if the body ends early. Otherwise, a client with an unstable connection would send the same
 * bytes repeatedly.
 * @returns number of received blocks
 */
export async function storeFrames(
  { blocks, codec }: { blocks: BlockService; codec: CodecPool },
  { actorOf, mayUse, room, leaveOut }: FramesTarget,
  frames: AsyncIterable<Frame[]>,
): Promise<number> {
  let stored = 0;
  let portion: IncomingBlock[] = [];
  let patchBytes = 0;
  const flush = async () => {
    // Blocks in the same slab as a payload that is still arriving wait with it.
    const ready = portion.filter(({ payload }) => !room.isOpen(payload));
    portion = portion.filter(({ payload }) => room.isOpen(payload));
    room.takeClosed();
    patchBytes = 0;
    if (ready.length === 0) return;
    for (const [actor, some] of Map.groupBy(separable(ready, actorOf), ({ hash }) => actorOf(hash))) {
      await tellingRoom(actor, blocks.store(actor.spaceId, actor.userId, some, leaveOut));
    }
    stored += ready.length;
  };
  try {
    for await (const some of frames) {
      for (const frame of some) {
        portion.push(await incomingBlock({ blocks, codec, mayUse }, actorOf(frame.hash), frame));
        if (frame.kind === "patch") patchBytes += frame.size;
      }
      if (room.closedBytes + patchBytes >= portionBytes) await flush();
    }
  } catch (thrown) {
    if (!isBrokenOff(thrown)) throw thrown;
    room.close();
    await flush();
    throw thrown;
  }
  room.close();
  await flush();
  return stored;
}

/** Storing would take a whole slab, so blocks that share one with another actor's are copied. */
function separable(blocks: readonly IncomingBlock[], actorOf: FramesTarget["actorOf"]): IncomingBlock[] {
  const actors = new Map<ArrayBufferLike, Actor>();
  const mixed = new Set<ArrayBufferLike>();
  for (const { hash, payload } of blocks) {
    const actor = actorOf(hash);
    const first = actors.get(payload.buffer) ?? actor;
    actors.set(payload.buffer, first);
    if (first !== actor) mixed.add(payload.buffer);
  }
  return blocks.map((block) => (mixed.has(block.payload.buffer) ? { ...block, placed: false } : block));
}

async function incomingBlock(
  { blocks, codec, mayUse }: { blocks: BlockService; codec: CodecPool } & Pick<FramesTarget, "mayUse">,
  actor: Actor,
  { kind, hash, size, payload: sent, base }: Frame,
): Promise<IncomingBlock> {
  if (kind === "absent") {
    throw new HoldfastError("bad_request", "An uploaded block must be raw, zstd or a patch, not absent.", {
      field: "frames",
    });
  }
  // Older clients send an extra empty frame. Only the frame itself is stored and sent to others.
  const payload = kind === "raw" ? sent : withoutEmptyFrame(sent, size);
  if (kind !== "patch") return { hash, sizeBytes: size, codec: kind, payload, verified: false, placed: true };
  const isUsable = base !== undefined && (await mayUse(actor, base));
  const basePlain = isUsable ? await readBase(blocks, actor.spaceId, base) : undefined;
  if (base === undefined || basePlain === undefined) {
    throw new HoldfastError(
      "missing_blocks",
      "The base of a patch does not exist or is damaged. Send the whole block.",
      {
        body: { missing_blocks: [base] },
      },
    );
  }
  const [made] = await codec.run("verifyTask", {
    frames: [{ kind, hash, size, payload, base: basePlain }],
    want: "stored",
  });
  if (made === undefined) throw new HoldfastError("internal", "A patch had no outcome.");
  if (!made.ok) throw refusalError(hash, made);
  return { hash, sizeBytes: size, codec: made.codec, payload: made.payload, verified: true };
}

/** Approximate size of the portions that are stored while the rest of the request arrives. */
const portionBytes = limits.packBytesTarget;
