import { hashOfZeros } from "@holdfast/codec/zero-block";
import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { type Braked, brakeKey, type RewriteSide, rewriteSides } from "../model/brake-record.ts";
import { nanosOf } from "../model/fingerprints.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { SyncState } from "../state/sync-state.ts";
import { isReadOnly } from "../model/rights.ts";
import { type ContentKey, isLive, type LocalRow, type RemoteRow, type SyncedRow, type Trees } from "../model/trees.ts";

export interface Rewrite extends Braked {
  readonly side: RewriteSide;
  readonly base: ContentKey;
  /** The new time is not later than the server's version. */
  readonly isOldByTime: boolean;
  /** This device never saw the bytes in this file. An earlier version on the server may have them. */
  readonly isUnknown: boolean;
}

type Known = Pick<SyncState, "pastContents" | "manifests" | "nodesWithContent" | "stashed" | "brakes" | "synced">;

/** A file restored from the trash replaces nothing. */
export function rewriteOf(state: Known, operation: RemoteOperation): Rewrite[] {
  if (operation.op !== "put" || operation.revive !== undefined) return [];
  const { id, local, base } = operation;
  return [describe(state, id, { local, remote: base, synced: state.synced.get(id) })];
}

export function rollbacksIn(state: Known, trees: Trees): Rewrite[] {
  return [...trees.local].flatMap(([id, local]) => {
    const [remote, synced] = [trees.remote.get(id), trees.synced.get(id)];
    if (remote === undefined || local.kind !== "file" || local.content === remote.content) return [];
    if (!isLive(trees, id) || isReadOnly(trees, trees.remote, id)) return [];
    const rewrite = describe(state, id, { local, remote, synced });
    return rewrite.side === "rollback" ? [rewrite] : [];
  });
}

function describe(state: Known, nodeId: NodeId, sides: Omit<Sides, "isSameTime">): Rewrite {
  const { local, remote } = sides;
  // The protocol has microseconds.
  const serversNs = nanosOf(remote.modifiedAt);
  const laterMicros = serversNs === undefined ? undefined : local.fingerprint.mtimeNs / 1000n - serversNs / 1000n;
  const isSameTime = laterMicros === 0n;
  const side = decidedSide(state, nodeId, local.content) ?? sideOf(state, nodeId, { ...sides, isSameTime });
  const isUnknown = side === "unknown";
  const isOldByTime = laterMicros !== undefined && laterMicros <= 0n;
  return { nodeId, side: isUnknown ? "rewrite" : side, base: local.content, isOldByTime, isUnknown };
}

/** A decision about these exact bytes stays valid even if the file looks different now. */
function decidedSide({ brakes }: Known, nodeId: NodeId, content: ContentKey): RewriteSide | undefined {
  return rewriteSides.find((side) => {
    const record = brakes.get(brakeKey({ side, nodeId }));
    return record?.base === content && (record.standing === "waiting" || record.standing === "approved");
  });
}

interface Sides {
  readonly local: LocalRow;
  readonly remote: RemoteRow;
  readonly synced: SyncedRow | undefined;
  readonly isSameTime: boolean;
}

function sideOf(state: Known, nodeId: NodeId, { local, remote, synced, isSameTime }: Sides): RewriteSide | "unknown" {
  // The server has older bytes, for example after a restore, and the local ones are the newest.
  if (synced?.content === local.content || synced?.versionIds[0] !== remote.versionId) return "rewrite";
  const isEmptied = local.fingerprint.sizeBytes === 0 && remote.sizeBytes > 0;
  const isLost = isEmptied || isZeros(state, local.content);
  // Log rotation by copying first wrote the bytes to another file. A kept conflicted copy moved them to the local
  // trash.
  if (isLost && !isElsewhere(state, nodeId, synced.content)) return "damage";
  if (isLost) return "rewrite";
  // The server still has the base, and a real write would have changed the time.
  if (isSameTime) return "damage";
  return state.pastContents.has(nodeId, local.content) ? "rollback" : "unknown";
}

function isElsewhere(state: Known, nodeId: NodeId, content: ContentKey | undefined): boolean {
  if (content === undefined) return false;
  const isStashed = state.stashed.values().some(({ contents }) => contents.includes(content));
  return isStashed || state.nodesWithContent(content).some((holder) => holder !== nodeId);
}

function isZeros({ manifests }: Known, content: ContentKey): boolean {
  const blocks = manifests.blocksOf(content) ?? [];
  if (blocks.some(({ size }) => size > limits.blockBytesMax)) return false;
  return blocks.length > 0 && blocks.every(({ hash, size }) => hash === hashOfZeros(size));
}
