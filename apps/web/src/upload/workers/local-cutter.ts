import type { Cutter } from "../engine/cutter.ts";
import type { Hasher } from "../../browser/hasher.ts";
import { cutBlocks, readWhole } from "./cut-blocks.ts";

/** Used inside each worker and where workers are missing. */
export function localCutter(hash: Hasher): Cutter {
  return {
    cut: (file) => cutBlocks(file, hash),
    readFiles: (files) => readWhole(files, hash),
  };
}
