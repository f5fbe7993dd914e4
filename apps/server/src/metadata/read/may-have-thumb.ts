import { extname } from "node:path/posix";
import { limits } from "@holdfast/core/limits";
import type { NodeRow } from "../../db/shard-tables.ts";

/** By its name and size: whether it is worth asking for a thumbnail. What it really is, only its bytes tell. */
export function mayHaveThumb({ kind, name, size }: Pick<NodeRow, "kind" | "name" | "size">): boolean {
  return kind === "file" && size > 0 && size <= limits.thumbSourceBytesMax && endings.has(extname(name).toLowerCase());
}

const endings: ReadonlySet<string> = new Set([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".avif"]);
