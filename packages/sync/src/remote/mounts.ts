import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { remoteRowOf } from "./remote-row.ts";
import type { RemoteRow, Right, Rights, Share, Shares } from "../model/trees.ts";

/** Roles that may change what is there. */
const writers: ReadonlySet<NodeJson["role"]> = new Set(["editor", "owner"]);

/**
 * What stands in a mount has it as its parent. A folder that has a mount of its own, and lies in another share, is shown by its mount
 * alone: where it lies it counts as gone.
 * @param mounts target -> mount
 */
export function inMounts(row: RemoteRow, id: string, mounts: ReadonlyMap<string, NodeId>): RemoteRow {
  const { parent, trashed } = row;
  return { ...row, parent: mounts.get(parent) ?? parent, trashed: trashed || mounts.has(id) };
}

/**
 * What the server calls by the id of a folder of another space is in the trees what stands in its mount. Learns mounts as they come, and
 * where below them a right of its own is given: what is told later counts, whatever its number is.
 */
export class Mounts {
  readonly #mounts = new Map<string, NodeId>();
  readonly #learnt = new Map<NodeId, Share>();
  readonly #known: Rights;
  readonly #rights = new Map<NodeId, Right | undefined>();

  /** @param isOver of a mount that is gone: what it showed may be in view elsewhere by now */
  constructor({ shares, rights }: { shares: Shares; rights: Rights }, isOver: (mount: NodeId) => boolean) {
    this.#known = rights;
    for (const [mount, { target }] of shares) if (!isOver(mount)) this.#mounts.set(target, mount);
  }

  end(mount: NodeId): void {
    for (const [target, known] of this.#mounts) if (known === mount) this.#mounts.delete(target);
  }

  /** Whether a folder of another space has a mount. */
  shows(target: NodeId): boolean {
    return this.#mounts.has(target);
  }

  /** Of what was heard so far. */
  get learnt(): Iterable<readonly [NodeId, Share]> {
    return this.#learnt;
  }

  /** Undefined: the right of the folder above counts. */
  get learntRights(): Iterable<readonly [NodeId, Right | undefined]> {
    return this.#rights;
  }

  /** All mounts of some nodes come first, so that whatever stands in them is known by them. */
  rowsOf(nodes: readonly NodeJson[]): (readonly [NodeId, RemoteRow])[] {
    for (const node of nodes) this.#learn(node);
    return nodes.map((node) => [node.id as NodeId, this.rowOf(node)] as const);
  }

  #learn({ id, kind, target, role, waits }: NodeJson): void {
    if (kind !== "mount" || target === undefined) return;
    this.#mounts.set(target, id as NodeId);
    const share = { target: target as NodeId, isReadOnly: !writers.has(role) };
    this.#learnt.set(id as NodeId, waits === true ? { ...share, waits } : share);
  }

  rowOf(node: NodeJson): RemoteRow {
    this.#learn(node);
    this.#learnRight(node);
    return inMounts(remoteRowOf(node), node.id, this.#mounts);
  }

  #learnRight({ id: text, kind, role, granted }: NodeJson): void {
    const id = text as NodeId;
    if (kind === "mount") return;
    if (granted === true) this.#rights.set(id, { isReadOnly: !writers.has(role) });
    else if (this.#known.has(id) || this.#rights.has(id)) this.#rights.set(id, undefined);
  }
}
