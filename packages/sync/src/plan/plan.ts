import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import type { Braked } from "../model/brake-record.ts";
import { type Refusal, type Trees } from "../model/trees.ts";
import { idChangeOf, resolveCollisions } from "./collisions.ts";
import { shareAt } from "../model/enclosing-share.ts";
import { planLocal } from "./local-operations.ts";
import { joinHeldNodes } from "./join-held-nodes.ts";
import { merge, type Merged, type MergedTree } from "./merge.ts";
import type { Plan, IdChange, RemoteOperation } from "./plan-types.ts";
import type { Policy } from "./policy.ts";
import { needsNewId, planRemote, type RemoteContext, type RemotePlan } from "./remote-operations.ts";
import { type NodeDiff, diffNodes } from "./node-diff.ts";
import { digestOf } from "./digest.ts";

/**
 * Plans the next changes toward equal trees. Pure except for new ids by `policy`. The trees must be settled (`settle`).
 * After the changes and another scan, the next plan continues. An empty plan means that nothing is left or all else
 * waits.
 */
export function plan(trees: Trees, policy: Policy): Plan {
  const diffs = diffNodes(trees);
  const tree = merge(trees, diffs);
  const foreignIds = idsOfOtherSpaces(trees, tree, policy);
  if (foreignIds.length > 0) return { ...emptyPlan, idChanges: foreignIds };
  const idChanges = [...resolveCollisions(tree, policy, trees.shares), ...newIds(trees, tree, policy)];
  if (idChanges.length > 0) return { ...emptyPlan, idChanges: uniqueIdChanges(idChanges) };
  const gone = [...diffs.values()].filter(({ id }) => !tree.has(id));
  const fromServer = gone.filter(({ remote, local }) => remote !== undefined && local === undefined);
  const fromDisk = gone.filter(({ local, remote }) => local !== undefined && remote === undefined);
  const held = withFolders(trees, policy.holdDeletions(plannedDeletions(fromDisk, fromServer)));
  const waiting = [...fromDisk, ...fromServer].filter(({ id }) => held.has(id));
  const joins = joinHeldNodes(trees, tree, waiting, policy);
  if (joins.length > 0) return { ...emptyPlan, idChanges: uniqueIdChanges(joins) };
  const topmost = fromServer.filter(
    ({ id, remote }) =>
      remote !== undefined && !held.has(id) && (held.has(remote.parent) || isKept(trees, tree, remote.parent)),
  );
  const { remote, refused } = planUnrefused(trees, tree, { deletions: topmost, held }, policy);
  const unrestorable = remote.unrestorable.flatMap((id) => {
    const node = tree.get(id);
    return node === undefined ? [] : [idChangeOf(node, policy.makeNodeId())];
  });
  if (unrestorable.length > 0) return { ...emptyPlan, idChanges: uniqueIdChanges(unrestorable) };
  const deletable = fromDisk.filter(({ id }) => !held.has(id));
  const local = planLocal(trees, tree, deletable, policy);
  return {
    idChanges: [],
    remote: remote.operations,
    local: local.operations,
    waiting: new Map<NodeId, string>([
      ...[...remote.stuck, ...local.stuck].map((id) => [id, "stuck"] as const),
      ...[...refused].map((id) => [id, "refused"] as const),
      ...remote.forbidden.map((id) => [id, "read_only"] as const),
      ...[...trees.local].flatMap(([id, { readState }]) => (readState === "known" ? [] : [[id, readState] as const])),
    ]),
    heldDeletions: [...fromServer, ...fromDisk].flatMap(({ id }) => (held.has(id) ? [id] : [])),
  };
}

/** Before ordering, so that nothing sent depends on a refused change. */
function planUnrefused(
  trees: Trees,
  tree: MergedTree,
  deletions: Pick<RemoteContext, "deletions" | "held">,
  policy: Policy,
): { readonly remote: RemotePlan; readonly refused: ReadonlySet<NodeId> } {
  const refused = new Set<NodeId>();
  for (;;) {
    const remote = planRemote(trees, tree, { ...deletions, ...policy, refused });
    const more = refusedOf(remote.operations, policy);
    if (more.size === 0) return { remote, refused };
    for (const { id } of more) refused.add(id);
  }
}

const emptyPlan: Plan = { idChanges: [], remote: [], local: [], waiting: new Map(), heldDeletions: [] };

function plannedDeletions(fromDisk: readonly NodeDiff[], fromServer: readonly NodeDiff[]): Braked[] {
  return [
    ...fromDisk.map(({ id, local }) => ({ nodeId: id, side: "here" as const, base: local?.content ?? "" })),
    ...fromServer.map(({ id, remote }) => ({ nodeId: id, side: "server" as const, base: remote?.revision ?? "" })),
  ];
}

/** A folder cannot be deleted while its content waits. */
function withFolders(trees: Trees, held: ReadonlySet<NodeId>): ReadonlySet<NodeId> {
  const all = new Set<NodeId>();
  for (const start of held) {
    for (const rows of [trees.local, trees.remote]) {
      for (let at: NodeId | undefined = start; at !== undefined && at !== trees.rootId; at = rows.get(at)?.parent) {
        if (at !== start && all.has(at)) break;
        if (rows.has(at)) all.add(at);
      }
    }
  }
  return all;
}

/** These ids were made for another space: the items were found in a share or moved there. */
function idsOfOtherSpaces(trees: Trees, tree: MergedTree, { isIdFor, makeNodeId }: Policy): Plan["idChanges"] {
  if (isIdFor === undefined) return [];
  return [...tree.values()].flatMap(({ diff: { id, local, remoteRow, synced } }) => {
    if (local === undefined || remoteRow !== undefined || synced !== undefined) return [];
    const mount = shareAt(trees, trees.local, local.parent);
    const beside = mount === undefined ? undefined : trees.shares.get(mount)?.target;
    return isIdFor(id, beside) ? [] : [{ from: id, to: makeNodeId(beside) }];
  });
}

function newIds(trees: Trees, tree: MergedTree, policy: Policy): IdChange[] {
  const refusals = {
    ofNode: Map.groupBy(policy.refusals, ({ nodeId }) => nodeId),
    ofDigest: Map.groupBy(policy.refusals, ({ digest }) => digest),
  };
  const unrestorable = new Set(policy.refusals.map((refusal) => unrestorableBy(tree, refusal, refusals)));
  const hollow = hollowFolders(tree);
  return [...tree.values()]
    .filter(
      (node) =>
        needsNewId(node) ||
        isRestoreRefused(node, refusals) ||
        unrestorable.has(node) ||
        hollow.has(node) ||
        isOutsideItsSpace(trees, node),
    )
    .map((node) => idChangeOf(node, policy.makeNodeId()));
}

/**
 * Locally moved folders in the server's trash without any local file that is there too: kept for hidden content, empty,
 * or with only new content. Under its old id, all content deleted in it would return, here as well. Nodes at rest and
 * fresh ones do not matter, so a plan may omit them (`affectedPortion`).
 */
function hollowFolders(tree: MergedTree): ReadonlySet<Merged> {
  const moved = [...tree.values()].filter(
    ({ kind, diff: { local, remote, remoteRow, onDisk } }) =>
      kind === "folder" && local !== undefined && remote === undefined && remoteRow !== undefined && onDisk === "moved",
  );
  if (moved.length === 0) return new Set();
  const filled = new Set<NodeId>();
  for (const { kind, place, diff } of tree.values()) {
    if (diff.local?.readState !== "unsettled" && (kind === "folder" || !isDeletedOnServer(diff))) continue;
    for (let at = place.parent; !filled.has(at);) {
      filled.add(at);
      at = tree.get(at)?.place.parent ?? at;
    }
  }
  return new Set(moved.filter(({ diff }) => !filled.has(diff.id) && diff.local?.readState !== "unsettled"));
}

/** True if local folder and trashed row are in different spaces. Nothing can be restored to another space. */
function isOutsideItsSpace(trees: Trees, { isKeptForUnreadable, diff: { local, remote, remoteRow } }: Merged): boolean {
  if (isKeptForUnreadable || local?.readState !== "known" || remote !== undefined || remoteRow === undefined)
    return false;
  return shareAt(trees, trees.local, local.parent) !== shareAt(trees, trees.remote, remoteRow.parent);
}

/** True if the server deleted or forgot the node, and it exists here. */
function isDeletedOnServer({ local, remote, remoteRow, synced }: NodeDiff): boolean {
  return local !== undefined && remote === undefined && (remoteRow ?? synced) !== undefined;
}

/**
 * Folder whose restore failed in a group because of a name. Unknown content would return with it, under a name that
 * another node of the group gets. The server does not report what was added before the deletion.
 */
function unrestorableBy(tree: MergedTree, { nodeId, code }: Refusal, refusals: KnownRefusals): Merged | undefined {
  if (code !== "exists") return undefined;
  let at = tree.get(tree.get(nodeId)?.place.parent ?? nodeId);
  for (let depth = 0; at !== undefined && depth <= limits.pathNamesMax; depth += 1) {
    const { id, local, remote, remoteRow } = at.diff;
    const isOfGroup = refusals.ofNode.get(id)?.some((refusal) => refusal.code === "dependency");
    if (local !== undefined && remote === undefined && remoteRow !== undefined && isOfGroup === true) return at;
    at = tree.get(at.place.parent);
  }
  return undefined;
}

/**
 * True if the server refuses to restore the id: it was purged, changed before the deletion, or is in use. The node is
 * then recreated.
 */
function isRestoreRefused(
  { diff: { id, local, remote, remoteRow, onDisk } }: Merged,
  refusals: KnownRefusals,
): boolean {
  if (local === undefined || remote !== undefined || onDisk === "kept") return false;
  const codes = remoteRow === undefined ? ["conflict", "not_found", "exists"] : ["conflict", "not_found"];
  const refusal = refusals.ofNode.get(id)?.find(({ code }) => codes.includes(code));
  // Refused under two ids: the id is not the reason.
  return refusal !== undefined && !refusals.ofDigest.get(refusal.digest)?.some(({ nodeId }) => nodeId !== id);
}

interface KnownRefusals {
  readonly ofNode: ReadonlyMap<NodeId, readonly Refusal[]>;
  readonly ofDigest: ReadonlyMap<string, readonly Refusal[]>;
}

/** Joining a server node takes precedence over a new id. */
function uniqueIdChanges(idChanges: Plan["idChanges"]): Plan["idChanges"] {
  const seen = new Set<NodeId>();
  return idChanges.filter(({ from, to }) => {
    const isFirst = !seen.has(from) && !seen.has(to);
    seen.add(from).add(to);
    return isFirst;
  });
}

function isKept(trees: Trees, tree: MergedTree, id: NodeId): boolean {
  return id === trees.rootId || tree.has(id);
}

/** A group is refused as a whole. */
function refusedOf(operations: readonly RemoteOperation[], policy: Policy): ReadonlySet<RemoteOperation> {
  const refusals = new Set(
    policy.refusals
      .filter(({ notBeforeMs }) => notBeforeMs > policy.nowMs)
      .map(({ nodeId, digest }) => nodeId + digest),
  );
  if (refusals.size === 0) return new Set();
  const alone = new Set(operations.filter((operation) => refusals.has(operation.id + digestOf(operation))));
  const groups = new Set([...alone].flatMap(({ group }) => group ?? []));
  return new Set(
    operations.filter(
      (operation) => alone.has(operation) || (operation.group !== undefined && groups.has(operation.group)),
    ),
  );
}
