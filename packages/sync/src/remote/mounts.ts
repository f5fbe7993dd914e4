import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { remoteRowOf } from "./remote-row.ts";
import type { RemoteRow, Right, Rights, Share, Shares } from "../model/trees.ts";

const writers: ReadonlySet<NodeJson["role"]> = new Set(["editor", "owner"]);

/**
 * Items in a mounted folder have the mount as parent. A folder with its own mount inside another share counts as gone
 * at its original place.
 * @param mounts target -> mount
 */
export function inMounts(row: RemoteRow, id: string, mounts: ReadonlyMap<string, NodeId>): RemoteRow {
  const { parent, trashed } = row;
  return { ...row, parent: mounts.get(parent) ?? parent, trashed: trashed || mounts.has(id) };
}

/** Collects mounts, and rights below them, as they arrive. Later reports win, whatever their number. */
export class Mounts {
  readonly #mounts = new Map<string, NodeId>();
  readonly #changedShares = new Map<NodeId, Share>();
  readonly #known: Rights;
  readonly #rights = new Map<NodeId, Right | undefined>();

  /** @param isOver true for an ended mount, whose content may now be in view elsewhere */
  constructor({ shares, rights }: { shares: Shares; rights: Rights }, isOver: (mount: NodeId) => boolean) {
    this.#known = rights;
    for (const [mount, { target }] of shares) if (!isOver(mount)) this.#mounts.set(target, mount);
  }

  end(mount: NodeId): void {
    for (const [target, known] of this.#mounts) if (known === mount) this.#mounts.delete(target);
  }

  shows(target: NodeId): boolean {
    return this.#mounts.has(target);
  }

  get changedShares(): Iterable<readonly [NodeId, Share]> {
    return this.#changedShares;
  }

  /** undefined: the right of the folder above applies */
  get changedRights(): Iterable<readonly [NodeId, Right | undefined]> {
    return this.#rights;
  }

  /** Collects all mounts first, so that their content is mapped. */
  rowsOf(nodes: readonly NodeJson[]): (readonly [NodeId, RemoteRow])[] {
    for (const node of nodes) this.#record(node);
    return nodes.map((node) => [node.id as NodeId, this.rowOf(node)] as const);
  }

  #record({ id, kind, target, role, waits }: NodeJson): void {
    if (kind !== "mount" || target === undefined) return;
    this.#mounts.set(target, id as NodeId);
    const share = { target: target as NodeId, isReadOnly: !writers.has(role) };
    this.#changedShares.set(id as NodeId, waits === true ? { ...share, waits } : share);
  }

  rowOf(node: NodeJson): RemoteRow {
    this.#record(node);
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
