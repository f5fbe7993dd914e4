import type { NodeJson } from "@holdfast/protocol/values";
import { formatTable, formatTime } from "../output/text.ts";

/** Nodes from anywhere: when they were changed, how large they are, and where they stand. */
export function nodeRows(nodes: readonly NodeJson[]): string[] {
  const rows = nodes.map(({ updated_at, size, kind, path }) => [
    formatTime(updated_at),
    String(size),
    kind === "folder" && path !== "/" ? `${path}/` : path,
  ]);
  return formatTable(rows, [1]);
}
