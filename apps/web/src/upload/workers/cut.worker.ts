import type { ManifestEntry } from "@holdfast/core/manifest";
import { connect, Handed, type Port } from "./calls.ts";
import { cutBlocks, readWhole } from "./cut-blocks.ts";
import { bestHasher } from "../../browser/hasher.ts";

const hash = bestHasher(crypto.subtle);
const cuts = new Map<number, AsyncGenerator<ManifestEntry[], void, undefined>>();
let lastCut = 0;

const handlers = {
  begin: (file: Blob): number => {
    lastCut += 1;
    cuts.set(lastCut, cutBlocks(file, hash));
    return lastCut;
  },
  /** @returns undefined at the end */
  next: async (id: number): Promise<ManifestEntry[] | undefined> => {
    const step = await cuts.get(id)?.next();
    return step?.done === false ? step.value : undefined;
  },
  end: async (id: number): Promise<void> => {
    await cuts.get(id)?.return();
    cuts.delete(id);
  },
  read: async (files: readonly Blob[]) => {
    const read = await readWhole(files, hash);
    return new Handed(read, [read.bytes.buffer]);
  },
};

export type CutHandlers = Omit<typeof handlers, "read"> & {
  readonly read: (files: readonly Blob[]) => Promise<Awaited<ReturnType<typeof readWhole>>>;
};

connect(globalThis as unknown as Port, handlers);
