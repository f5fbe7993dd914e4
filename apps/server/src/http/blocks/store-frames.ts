import type { CodecPool } from "@holdfast/codec/pool";
import { withoutEmptyFrame } from "@holdfast/codec/zstd-frame";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Frame } from "@holdfast/protocol/frames";
import type { BlockRoom } from "../../blocks/block-room.ts";
import type { BlockService, LeaveOut } from "../../blocks/block-service.ts";
import type { IncomingBlock } from "../../blocks/incoming-block.ts";
import { refusalError } from "../../blocks/slab.ts";
import type { Actor } from "../../metadata/actor.ts";
import { tellingRoom } from "../../metadata/weight/quota-refusal.ts";
import { readBase } from "./read-plain.ts";
import { isBrokenOff } from "../exchange/request-body.ts";

export interface FramesTarget {
  /** For whom, and in which space, a block is stored. */
  readonly actorOf: (hash: HashHex) => Actor;
  /** Whether somebody may use a block of the space as the base of a patch. */
  readonly mayUse: (actor: Actor, base: HashHex) => Promise<boolean>;
  /** Where the frames were placed. */
  readonly room: BlockRoom;
  /**
   * Told of each block that is wrong, so that the others are stored; without it the request is refused. It always is for a
   * patch that does not fit, since whoever sent it has the block whole, and sends it so.
   */
  readonly leaveOut?: LeaveOut;
}

/**
 * Of a body that breaks off, what came whole is kept: else a link that never lasts for a request would carry the same bytes for ever.
 * @returns how many blocks came
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
    // What stands beside a payload that is still arriving waits with it.
    const ready = portion.filter(({ payload }) => !room.isOpen(payload));
    portion = portion.filter(({ payload }) => room.isOpen(payload));
    room.takeClosed();
    patchBytes = 0;
    if (ready.length === 0) return;
    for (const [actor, some] of Map.groupBy(ready, ({ hash }) => actorOf(hash))) {
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
  // Of an older client. What is kept, and goes to others, is the frame alone.
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

/** Frames are stored in portions of about this size while the rest of the request is still arriving. */
const portionBytes = limits.packBytesTarget;
