import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { applyBatch } from "./apply-batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { asDiskError } from "./stat-each.ts";
import { pathOf, pathOfNode } from "../model/tree-paths.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import type { Rules } from "../rules/rules.ts";
import { rowsBelow } from "../model/local-tree.ts";
import { samePrivacy } from "../model/privacy.ts";
import { isReadOnly, mayEdit } from "../model/rights.ts";
import { isLive, isNumbered, type LocalRow, unnumberedInode } from "../model/trees.ts";

export interface Freed {
  readonly files: number;
  readonly bytes: number;
  readonly kept: readonly string[];
}

/**
 * Moves local copies that match the server to the local trash. Items excluded earlier keep their former rows; their
 * folders are known by path only.
 */
export async function freeSpace(context: ExecutionContext, paths: readonly string[], rules: Rules): Promise<Freed> {
  const { state } = context;
  const chosen = chosenRows(state, paths, rules);
  const asleep = await knowFolders(context, [...chosen.keys()]);
  const kept: string[] = [];
  let [files, bytes] = [0, 0];
  for (const { id, path } of deepestFirst(chosen.values())) {
    const row = state.local.get(id);
    if (row === undefined) continue;
    const isGone = isEqual(context, id, row) && (await removeCopy(context, id, row));
    if (isGone && row.kind === "file") [files, bytes] = [files + 1, bytes + row.fingerprint.sizeBytes];
    if (!isGone && !(row.kind === "folder" && kept.some((each) => each.startsWith(`${path}/`)))) kept.push(path);
  }
  const stillAsleep = asleep.flatMap((id) => {
    const row = state.local.get(id);
    return row === undefined ? [] : [[id, withInode(row, unnumberedInode)] as const];
  });
  if (stillAsleep.length > 0) state.commit({ local: stillAsleep });
  return { files, bytes, kept };
}

/** Items that freeing would remove, including folders that would become empty. */
export async function copiesToFree(
  { state, missingFeatures, disk }: Equals & Pick<ExecutionContext, "disk">,
  paths: readonly string[],
  rules: Rules,
): Promise<Copy[]> {
  const going = new Map<string, Copy>();
  for (const copy of deepestFirst(chosenRows(state, paths, rules).values())) {
    const { id, row, path } = copy;
    if (!isEqual({ state, missingFeatures }, id, row)) continue;
    const names = row.kind === "folder" ? await disk.list(path) : [];
    if (names.every((name) => going.has(joinPath(path, name)))) going.set(path, copy);
  }
  return [...going.values()];
}

function deepestFirst(copies: Iterable<Copy>): Copy[] {
  return [...copies].toSorted((one, other) => (one.path < other.path ? 1 : -1));
}

/** Identifies hidden folders by path only. @returns those folders */
async function knowFolders({ state, disk }: ExecutionContext, chosen: readonly NodeId[]): Promise<NodeId[]> {
  const ids = new Set<NodeId>();
  for (const id of chosen) {
    for (let at: NodeId | undefined = id; at !== undefined && !ids.has(at); at = state.local.get(at)?.parent)
      ids.add(at);
  }
  const known: (readonly [NodeId, LocalRow])[] = [];
  for (const id of ids) {
    const row = state.local.get(id);
    if (row?.kind !== "folder" || isNumbered(row.fingerprint)) continue;
    const path = pathOf(state, id);
    // Unreadable folders stay, with all content.
    const stat = path === undefined ? undefined : await disk.stat(path).catch(asDiskError);
    if (!(stat instanceof HoldfastError) && stat?.kind === "folder")
      known.push([id, withInode(row, stat.fingerprint.inode)]);
  }
  if (known.length > 0) state.commit({ local: known });
  return known.map(([id]) => id);
}

function withInode(row: LocalRow, inode: bigint): LocalRow {
  return { ...row, fingerprint: { ...row.fingerprint, inode } };
}

interface Copy {
  readonly id: NodeId;
  readonly row: LocalRow;
  readonly path: string;
}

/** Returns only items that the rules hide. Visible ones would return immediately. */
function chosenRows(state: ExecutionContext["state"], paths: readonly string[], rules: Rules): Map<NodeId, Copy> {
  const copies = paths.flatMap((path) => rowsAt(state, path));
  const hidden = copies.filter(({ path, row }) => rules.hides(path, row.kind === "folder"));
  return new Map(hidden.map((each) => [each.id, each]));
}

function rowsAt(state: ExecutionContext["state"], path: string): Copy[] {
  const [name = "", ...folders] = path.split("/").toReversed();
  let parents = [state.rootId];
  for (const folder of folders.toReversed()) {
    parents = parents.flatMap((id) =>
      state.local.rowsIn(id).flatMap(([child, row]) => (row.name === folder ? child : [])),
    );
  }
  const at = parents.flatMap((id) => state.local.rowsIn(id)).filter(([, row]) => row.name === name);
  const below = at.flatMap(([id]) => [...rowsBelow(state, id)]);
  return [...at, ...below].map(([id, row]) => ({ id, row, path: pathOfNode(state, id) ?? "" }));
}

type Equals = Pick<ExecutionContext, "state" | "missingFeatures">;

function isEqual({ state, missingFeatures }: Equals, id: NodeId, row: LocalRow): boolean {
  const remote = state.remote.get(id);
  if (row.readState !== "known" || !isLive(state, id) || remote?.content !== row.content) return false;
  // The privacy of a read-only copy exists only on this disk.
  const isSent = !isReadOnly(state, state.remote, id) || mayEdit(state, state.remote, id);
  if (isSent && !samePrivacy(row, remote)) return false;
  return row.kind !== "file" || missingFeatures.has("executable bits") || row.executable === remote.executable;
}

async function removeCopy(context: ExecutionContext, id: NodeId, local: LocalRow): Promise<boolean> {
  const failures = await applyBatch(context, [{ op: "delete", id, local, into: "trash" }]);
  if (failures.size > 0) context.unrecordedChanges.arePossible = true;
  return failures.size === 0;
}
