import type { NodeId } from "@holdfast/core/ids";
import type { MissingFeatures } from "../model/missing-features.ts";
import { type ContentKey, type Intent, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import { keptPrivacy } from "./kept-mode.ts";
import { isUnknown } from "./unreadable-places.ts";

interface AdoptInput {
  readonly tree: LocalTree;
  readonly missingFeatures: MissingFeatures;
  /** Planned by the engine, so no moves of a person. */
  readonly intents: ReadonlyMap<NodeId, Intent>;
  /** Unreadable paths, where known items may still be. */
  readonly unknown: ReadonlySet<string>;
}

/** A vanished file whose size and content appear at an unknown path has moved, for example by a save through a copy. */
export function adoptMoves(
  { tree, missingFeatures, intents, unknown }: AdoptInput,
  rows: Map<NodeId, LocalRow>,
  vanished: Map<NodeId, LocalRow>,
): void {
  if (vanished.size === 0) return;
  const fresh = new Map<ContentKey, NodeId[]>();
  for (const [id, { kind, content }] of rows) {
    if (kind !== "file" || tree.local.has(id) || intents.has(id)) continue;
    const ids = fresh.get(content);
    if (ids === undefined) fresh.set(content, [id]);
    else ids.push(id);
  }
  for (const list of fresh.values()) list.reverse();
  for (const [id, row] of vanished) {
    if (row.kind !== "file" || row.fingerprint.sizeBytes === 0 || row.readState === "unsettled") continue;
    const path = knownPathOf(tree, id);
    if (path !== undefined && isUnknown(path, unknown)) continue;
    const from = fresh.get(row.content)?.pop();
    const moved = from === undefined ? undefined : rows.get(from);
    if (from === undefined || moved === undefined) continue;
    rows.delete(from);
    const isSameName = moved.name === nameOnDisk(row);
    rows.set(id, {
      ...moved,
      ...(isSameName && { name: row.name, alias: row.alias }),
      ...(missingFeatures.has("executable bits") && { executable: row.executable }),
      isPrivate: keptPrivacy({ missingFeatures }, row, moved.isPrivate === true),
    });
    vanished.delete(id);
  }
}
