import type { Cutter } from "../engine/cutter.ts";
import { cutBlocks, type Hasher, readWhole } from "./cut-blocks.ts";

/** Cuts on the thread that asks: what each of the workers does, and what stands for them where there are none. */
export function localCutter(hash: Hasher): Cutter {
  return {
    cut: (file) => cutBlocks(file, hash),
    readFiles: (files) => readWhole(files, hash),
  };
}
