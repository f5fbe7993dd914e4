import type { NodeJson } from "@holdfast/protocol/values";
import { type Column, Listing } from "../output/listing.ts";
import type { Output } from "../output/output.ts";

const columns: readonly Column[] = [{ title: "CHANGED" }, { title: "SIZE", right: true }, { title: "PATH" }];

/** Nodes from anywhere: when they were changed, how large they are, and where they stand. @returns the lines of each page */
export function nodeRows(output: Output): (nodes: readonly NodeJson[]) => string[] {
  const listing = new Listing(output, columns);
  return (nodes) =>
    listing.lines(
      nodes.map((node) => [
        listing.time(node.updated_at),
        listing.sizeOf(node),
        node.kind === "folder" && node.path !== "/" ? `${node.path}/` : node.path,
      ]),
    );
}
