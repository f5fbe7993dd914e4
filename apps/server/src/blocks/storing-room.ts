import type { HashHex, SpaceId } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { ShardTables } from "../db/shard-tables.ts";
import { assertRoom, hasRoom } from "../metadata/weight/stored-bytes.ts";
import { findCounted, readStored } from "./space-blocks.ts";

interface Storing {
  readonly sizeBytes: number;
  readonly over: Promise<unknown>;
}

/**
 * What this process is storing for each space, so that of calls at the same moment none writes bytes that have no room beside
 * those of the others. What another process stores is seen once it has its rows; of two that meet there, the rows of the later
 * one are refused (`insertSpaceBlocks`).
 */
export class StoringRoom {
  readonly #underWay = new Map<SpaceId, Set<Storing>>();

  /**
   * Stores once it is sure to fit. Where it fits only if a call under way fails, it waits for one. What counts already (a block that
   * was damaged, and is sent again) needs no room: a full space can be healed.
   * @throws HoldfastError quota
   */
  async spend(
    shard: Kysely<ShardTables>,
    spaceId: SpaceId,
    blocks: ReadonlyMap<HashHex, number>,
    store: () => Promise<void>,
  ): Promise<void> {
    let sizeBytes = sumOf(blocks);
    for (;;) {
      const figures = await readStored(shard, spaceId);
      if (!hasRoom(figures, sizeBytes))
        sizeBytes = sumOf(blocks, await findCounted(shard, spaceId, [...blocks.keys()]));
      assertRoom(figures, sizeBytes);
      const others = [...(this.#underWay.get(spaceId) ?? [])];
      const othersBytes = others.reduce((sum, other) => sum + other.sizeBytes, 0);
      if (others.length === 0 || hasRoom(figures, sizeBytes + othersBytes)) break;
      // One that ends has failed, or its bytes count from now on, so this comes to its turn or to its refusal.
      await Promise.race(others.map(({ over }) => over));
    }
    await this.#note(spaceId, sizeBytes, store());
  }

  /** Resolves once nothing is under way for the space. What begins meanwhile is waited for too. */
  async settled(spaceId: SpaceId): Promise<void> {
    for (let others = this.#underWay.get(spaceId); others !== undefined; others = this.#underWay.get(spaceId))
      await Promise.all([...others].map(({ over }) => over));
  }

  async #note(spaceId: SpaceId, sizeBytes: number, work: Promise<void>): Promise<void> {
    const storing: Storing = { sizeBytes, over: work.catch(() => {}) };
    const ofSpace = this.#underWay.get(spaceId) ?? new Set();
    this.#underWay.set(spaceId, ofSpace.add(storing));
    try {
      await work;
    } finally {
      ofSpace.delete(storing);
      if (ofSpace.size === 0) this.#underWay.delete(spaceId);
    }
  }
}

function sumOf(blocks: ReadonlyMap<HashHex, number>, without: ReadonlySet<HashHex> = new Set()): number {
  let sum = 0;
  for (const [hash, sizeBytes] of blocks) if (!without.has(hash)) sum += sizeBytes;
  return sum;
}
