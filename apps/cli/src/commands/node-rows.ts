import type { NodeJson } from "@holdfast/protocol/values";
import { type Column, Listing } from "../output/listing.ts";
import type { Output } from "../output/output.ts";

const columns: readonly Column[] = [
  { title: "CHANGED" },
  { title: "SIZE", right: true },
  { title: "PATH", overflows: true },
];

interface Shown extends NodeJson {
  /** Time of the account's own change, for lists in that order. */
  readonly changed_at?: string;
}

/**
 * @param none sentence for an empty list
 * @returns a function for the lines of each page
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
