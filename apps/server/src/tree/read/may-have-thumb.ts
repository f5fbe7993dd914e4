import { extname } from "node:path/posix";
import { limits } from "@holdfast/core/limits";
import type { NodeRow } from "../../base/db/shard-tables.ts";

/** Decides by name and size whether a thumbnail may exist. Only the content can confirm it. */
export function mayHaveThumb({ kind, name, size }: Pick<NodeRow, "kind" | "name" | "size">): boolean {
  return kind === "file" && size > 0 && size <= limits.thumbSourceBytesMax && endings.has(extname(name).toLowerCase());
}

const endings: ReadonlySet<string> = new Set([
  ".jpg",
  ".jpeg",
  ".jpe",
  ".jfif",
  ".png",
  ".webp",
  ".gif",
  ".avif",
  ".pdf",
]);
