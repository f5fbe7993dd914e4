import type { HashHex, SpaceId } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { assertRoom, hasRoom } from "../../tree/weight/stored-bytes.ts";
import { findCounted, readStored } from "../index/space-blocks.ts";

interface Storing {
  readonly sizeBytes: number;
  readonly over: Promise<unknown>;
}

/**
 * Running stores of this process by space, so that concurrent calls do not write more bytes than fit. Stores of another
 * process count when they have their rows. If two meet there, the later one's rows are rejected (`insertSpaceBlocks`).
 */
export class StoringRoom {
  readonly #underWay = new Map<SpaceId, Set<Storing>>();

  /**
   * Waits if the bytes only fit when a running call fails. Blocks that already count need no room, so a full space can
   * be repaired.
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
      // A call that ends has failed or its bytes count.
      await Promise.race(others.map(({ over }) => over));
    }
    await this.#note(spaceId, sizeBytes, store());
  }

  /** Resolves when nothing is being stored for the space, including calls that begin meanwhile. */
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
