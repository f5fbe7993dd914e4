import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, SpaceId } from "@holdfast/core/ids";
import type { BlockService } from "../../packs/service/block-service.ts";

/** @returns undefined also if the base is damaged, or only in a store that is away */
export async function readBase(...asked: Parameters<typeof readPlain>): Promise<Uint8Array | undefined> {
  const [blocks, spaceId, hash] = asked;
  try {
    return await readPlain(...asked);
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    if (thrown.code === "damaged") return undefined;
    if (thrown.code === "unavailable" && (await blocks.lost(spaceId, [hash])).has(hash)) return undefined;
    throw thrown;
  }
}

/** @returns undefined if the space does not have the block */
export async function readPlain(
  blocks: BlockService,
  spaceId: SpaceId,
  hash: HashHex,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const options = signal === undefined ? {} : { signal };
  const found = await blocks.read(spaceId, [hash], options).next();
  if (found.done === true || found.value === undefined) return undefined;
  const { sizeBytes: size } = found.value;
  const pieces: Uint8Array[] = [];
  for await (const piece of blocks.readRange(spaceId, [{ hash, size }], 0, size, options)) pieces.push(piece);
  return Buffer.concat(pieces);
}
