import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import type { Braked, RewriteSide } from "../model/brake-record.ts";
import { nanosOf } from "../model/fingerprints.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { ContentKey, LocalRow, RemoteRow, SyncedRow } from "../model/trees.ts";

/** A file that both sides know and that was rewritten here. */
export interface Rewrite extends Braked {
  readonly side: RewriteSide;
  /** It has the time of a file that was put back rather than written: not after the server's version. */
  readonly isOldByTime: boolean;
}

type Known = Pick<SyncState, "pastContents" | "manifests">;

/** Of a file that lives on the server: what comes back from the trash replaces nothing. */
export function rewriteOf(state: Known & Pick<SyncState, "synced">, operation: RemoteOperation): Rewrite[] {
  if (operation.op !== "put" || operation.revive !== undefined) return [];
  const { id, local, base } = operation;
  return [describe(state, id, { local, remote: base, synced: state.synced.get(id) })];
}

/** Files of the trees that hold again what they held before what both sides agree on. */
export function rollbacksIn(
  state: Known,
  trees: {
    readonly local: ReadonlyMap<NodeId, LocalRow>;
    readonly remote: ReadonlyMap<NodeId, RemoteRow>;
    readonly synced: ReadonlyMap<NodeId, SyncedRow>;
  },
): Rewrite[] {
  const rewrites = [...trees.local].flatMap(([id, local]) => {
    const [remote, synced] = [trees.remote.get(id), trees.synced.get(id)];
    const isRewritten = local.kind === "file" && synced?.content !== undefined && synced.content !== local.content;
    return isRewritten && remote !== undefined && !remote.trashed
      ? [describe(state, id, { local, remote, synced })]
      : [];
  });
  return rewrites.filter(({ side }) => side === "rollback");
}

interface Sides {
  readonly local: LocalRow;
  readonly remote: RemoteRow;
  readonly synced: SyncedRow | undefined;
}

function describe(state: Known, nodeId: NodeId, sides: Sides): Rewrite {
  const { local, remote } = sides;
  // The wire has microseconds.
  const sinceServersMicros = local.fingerprint.mtimeNs / 1000n - (nanosOf(remote.modifiedAt) ?? 0n) / 1000n;
  const side = sideOf(state, nodeId, sides, sinceServersMicros === 0n);
  return { nodeId, side, base: local.content, isOldByTime: sinceServersMicros <= 0n };
}

function sideOf(state: Known, nodeId: NodeId, { local, remote, synced }: Sides, isSameTime: boolean): RewriteSide {
  // Another server has older bytes, as after it was restored itself.
  if (synced?.content === local.content) return "rewrite";
  const isEmptied = local.fingerprint.sizeBytes === 0 && remote.sizeBytes > 0;
  // The server has what this side had. Whoever writes to a file gives it another time.
  const isSilent = isSameTime && synced?.content === remote.content;
  if (isEmptied || isSilent || isZeros(state, local.content)) return "damage";
  return state.pastContents.has(nodeId, local.content) ? "rollback" : "rewrite";
}

function isZeros({ manifests }: Known, content: ContentKey): boolean {
  const blocks = manifests.blocksOf(content) ?? [];
  return blocks.length > 0 && blocks.every(({ hash, size }) => hash === hashOfZeros(size));
}

const zeroHashes = new Map<number, string>();
const zeroHashesMax = 64;

function hashOfZeros(sizeBytes: number): string {
  const known = zeroHashes.get(sizeBytes);
  if (known !== undefined) return known;
  if (zeroHashes.size >= zeroHashesMax) zeroHashes.clear();
  const hash = sha256(new Uint8Array(sizeBytes));
  zeroHashes.set(sizeBytes, hash);
  return hash;
}
