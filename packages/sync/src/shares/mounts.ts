import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { remoteRowOf } from "../remote/remote-row.ts";
import type { RemoteRow, Share, Shares } from "../trees.ts";

/** Roles in a share that may change what is in it. */
const writers: ReadonlySet<NodeJson["role"]> = new Set(["editor", "owner"]);

/**
 * What the server calls by the id of a folder of another space is in the trees what stands in its mount. Learns mounts as they come.
 */
export class Mounts {
  readonly #mounts = new Map<string, NodeId>();
  readonly #learnt = new Map<NodeId, Share>();

  /** @param isOver of a mount that is gone: what it showed may be in view elsewhere by now */
  constructor(shares: Shares, isOver: (mount: NodeId) => boolean) {
    for (const [mount, { target }] of shares) if (!isOver(mount)) this.#mounts.set(target, mount);
  }

  end(mount: NodeId): void {
    for (const [target, known] of this.#mounts) if (known === mount) this.#mounts.delete(target);
  }

  /** Of what was heard so far. */
  get learnt(): Iterable<readonly [NodeId, Share]> {
    return this.#learnt;
  }

  /** All mounts of some nodes come first, so that whatever stands in them is known by them. */
  rowsOf(nodes: readonly NodeJson[]): (readonly [NodeId, RemoteRow])[] {
    for (const node of nodes) this.#learn(node);
    return nodes.map((node) => [node.id as NodeId, this.rowOf(node)] as const);
  }

  #learn({ id, kind, target, role }: NodeJson): void {
    if (kind !== "mount" || target === undefined) return;
    this.#mounts.set(target, id as NodeId);
    this.#learnt.set(id as NodeId, { target: target as NodeId, isReadOnly: !writers.has(role) });
  }

  rowOf(node: NodeJson): RemoteRow {
    this.#learn(node);
    const row = remoteRowOf(node);
    const mount = this.#mounts.get(row.parent);
    return mount === undefined ? row : { ...row, parent: mount };
  }
}
