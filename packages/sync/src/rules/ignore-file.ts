import type { NodeId } from "@holdfast/core/ids";
import { type DiskPlace, nameOnDisk } from "../model/trees.ts";
import { ignorePath } from "./rules.ts";

interface Naming {
  readonly state: { readonly rootId: NodeId };
  readonly slotKey: (name: string) => string;
}

/** Compares by the disk's name rules. */
export function isIgnoreFile({ state, slotKey }: Naming, place: DiskPlace): boolean {
  return place.parent === state.rootId && slotKey(nameOnDisk(place)) === slotKey(ignorePath);
}
