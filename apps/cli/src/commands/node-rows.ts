import type { NodeJson } from "@holdfast/protocol/values";
import { type Column, Listing } from "../output/listing.ts";
import type { Output } from "../output/output.ts";

const columns: readonly Column[] = [
  { title: "CHANGED" },
  { title: "SIZE", right: true },
  { title: "PATH", overflows: true },
];

interface Shown extends NodeJson {
  /** When this account changed it, where the list is in that order. */
  readonly changed_at?: string;
}

/**
 * Nodes from anywhere: when they were changed, how large they are, and where they stand.
 * @param none the sentence for an empty list
 * @returns the lines of each page
 */
export function nodeRows(output: Output, none: string): (nodes: readonly Shown[]) => string[] {
  const listing = new Listing(output, columns, none);
  return (nodes) =>
    listing.lines(
      nodes.map((node) => [
        listing.time(node.changed_at ?? node.updated_at),
        listing.sizeOf(node),
        node.kind === "folder" && node.path !== "/" ? `${node.path}/` : node.path,
      ]),
    );
}
