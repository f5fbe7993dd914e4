import assert from "node:assert/strict";
import { sha256 } from "@holdfast/core/hash";
import type { EngineOptions } from "@holdfast/sync/loop/engine/engine-options";
import type { Server } from "@holdfast/sync-ports/ports";
import type { Alone } from "./alone.ts";

const minute = 60_000_000;

/** Longer than a cycle waits for, in the simulator's scale. */
export function longText(name: string): string {
  return Array.from({ length: 60 }, (_, index) => sha256(Buffer.from(`${name} ${index}`))).join(" ");
}

interface Line {
  readonly server: Server;
  isOpen: boolean;
  bytes: number;
}

export function lineOf(alone: Alone): Line {
  const server = alone.server();
  const { scheduler } = alone.world;
  const untilOpen = async (): Promise<void> => {
    while (!line.isOpen) await scheduler.sleep(alone.life, 100_000);
  };
  const line: Line = {
    isOpen: false,
    bytes: 0,
    server: {
      ...server,
      async putBlocks(blocks, into) {
        await untilOpen();
        for (const { bytes } of blocks) line.bytes += bytes.length;
        return server.putBlocks(blocks, into);
      },
      async *fetchBlocks(wanted) {
        for await (const block of server.fetchBlocks(wanted)) {
          // The first bytes of a long file arrive.
          if (wanted.length > 3 && line.bytes > 0) await untilOpen();
          if (wanted.length > 3) line.bytes += block.bytes.length;
          yield block;
        }
      },
    },
  };
  return line;
}

export function running(alone: Alone, options: Partial<EngineOptions>) {
  const engine = alone.make(options);
  const run = engine.run();
  const { scheduler } = alone.world;
  return {
    engine,
    until: async (isTrue: () => boolean, message: string): Promise<void> => {
      assert.ok(await scheduler.runUntil(scheduler.nowMicros + 10 * minute, isTrue), message);
    },
    end: async (): Promise<void> => {
      engine.stop();
      await alone.pass(run);
      alone.close();
    },
  };
}
