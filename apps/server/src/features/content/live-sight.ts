import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Caller } from "../accounts/context/caller.ts";
import type { CredentialWorld } from "../accounts/context/overdue.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { findManyNodes } from "./find-many-nodes.ts";
import { liveCaller, type StillSees } from "./while-open.ts";

/** Rights to others' content during a response, which ends when they are revoked. Own content is not checked. */
export class LiveSight {
  readonly #world: CredentialWorld;
  readonly #caller: Caller;
  readonly #tops: readonly PlacedNode[];
  #begun: PlacedNode | undefined;

  constructor(world: CredentialWorld, caller: Caller, nodes: readonly PlacedNode[]) {
    this.#world = world;
    this.#caller = caller;
    this.#tops = nodes.filter(isOfOthers);
  }

  /**
   * Checks the node being sent and the nodes of the response. Of thousands, each check takes the next portion, because
   * a check of all takes longer than sending the bytes between two checks.
   */
  get stillSees(): StillSees | undefined {
    if (this.#tops.length === 0) return undefined;
    let start = 0;
    return async (now) => {
      const portion = this.#tops.slice(start, start + limits.zippedNodesInUrlMax);
      start = start + portion.length < this.#tops.length ? start + portion.length : 0;
      const nodes = [...portion, ...(this.#begun === undefined ? [] : [this.#begun])];
      return (await this.#findAs(now, nodes)).every((found) => found !== undefined);
    };
  }

  /**
   * Returns the node as the caller sees it now, before it is sent; undefined if no longer visible.
   * @throws HoldfastError unauthenticated if the session, token or link has ended
   */
  async again(node: PlacedNode): Promise<PlacedNode | undefined> {
    if (!isOfOthers(node)) return node;
    const [found] = await this.#findAs(await liveCaller(this.#world, this.#caller), [node]);
    this.#begun = found;
    return found;
  }

  async #findAs(now: Caller, nodes: readonly PlacedNode[]): Promise<(PlacedNode | undefined)[]> {
    const ids = new Set<NodeId>(nodes.map(({ row }) => row.id));
    const found = await findManyNodes(this.#world.shards, now, [...ids]);
    return nodes.map(({ row }) => {
      const node = found.get(row.id);
      // Two spaces may contain the same id.
      return node?.row.space_id === row.space_id ? node : undefined;
    });
  }
}

function isOfOthers({ rights }: PlacedNode): boolean {
  return rights !== undefined;
}
