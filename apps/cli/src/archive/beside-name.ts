import { limits } from "@holdfast/core/limits";
import type { ArchiveNode } from "@holdfast/protocol/archive-documents";

/** Returns `report (imported).odt`, then `report (imported 2).odt`. */
export function besideName({ name, kind }: Pick<ArchiveNode, "name" | "kind">, beside: number): string {
  if (beside === 0) return name;
  const mark = beside === 1 ? " (imported)" : ` (imported ${beside})`;
  const dot = kind === "file" ? name.lastIndexOf(".") : -1;
  const ending = dot > 0 ? name.slice(dot) : "";
  let stem = dot > 0 ? name.slice(0, dot) : name;
  while (Buffer.byteLength(stem + mark + ending) > limits.nameBytesMax && stem !== "")
    stem = Array.from(stem).slice(0, -1).join("");
  return stem + mark + ending;
}
