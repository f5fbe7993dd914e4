import { isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";

export type ModelRole = "viewer" | "editor";

/** A right of somebody else at a folder of an account. */
export interface Grant {
  readonly target: string;
  readonly account: string;
  readonly role: ModelRole;
}

/** The account of a world in which nobody shares anything. */
export const everybody = "everybody";

/** The root of an account's own space. */
export function homeOf(account: string): string {
  return account === everybody ? "root-node" : `root of ${account}`;
}

/** The root of the space in which a node is, by which the space is named. */
export function spaceOf(nodes: Nodes, id: string): string {
  return lineage(nodes, id).at(-1)?.id ?? "";
}

/** Who may see what, and do what with it. */
export class ModelShares {
  readonly accounts = new Set<string>([everybody]);
  grants: readonly Grant[] = [];

  roleOf(account: string, target: string): ModelRole | undefined {
    return this.grants.find((grant) => grant.account === account && grant.target === target)?.role;
  }

  /** The mount of an account that shows a folder of another space, if there is one. */
  mountOf(nodes: Nodes, account: string, target: string): ModelNode | undefined {
    if (this.roleOf(account, target) === undefined) return undefined;
    const home = homeOf(account);
    for (const node of nodes.values()) {
      if (node.kind === "mount" && node.target === target && spaceOf(nodes, node.id) === home) return node;
    }
    return undefined;
  }

  /**
   * From a node up to the account's own root, through the mount where it is in a share: the folder of the other space itself
   * is not in view, the mount stands for it. Also of what lies in the trash; undefined: the account may not know that it exists.
   */
  wayOf(nodes: Nodes, account: string, id: string): readonly ModelNode[] | undefined {
    const way = lineage(nodes, id);
    if (way.at(-1)?.id === homeOf(account)) return way;
    // Somebody else's mounts are nobody's business.
    if (way.length === 0 || way.some(({ kind }) => kind === "mount")) return undefined;
    for (const [index, { id: target }] of way.entries()) {
      const mount = index === 0 ? undefined : this.mountOf(nodes, account, target);
      if (mount !== undefined) return [...way.slice(0, index), ...lineage(nodes, mount.id)];
    }
    return undefined;
  }

  isInView(nodes: Nodes, account: string, id: string): boolean {
    return isLiveNode(nodes, id) && this.wayOf(nodes, account, id)?.every(({ trashed }) => !trashed) === true;
  }

  inView(nodes: Nodes, account: string): ModelNode[] {
    return [...nodes.values()].filter(({ id }) => this.isInView(nodes, account, id));
  }

  /** Undefined: not to be seen at all. A mount has the role of what it shows. */
  roleAt(nodes: Nodes, account: string, node: ModelNode): "owner" | ModelRole | undefined {
    const way = this.wayOf(nodes, account, node.id);
    const mount = way?.find(({ kind }) => kind === "mount");
    if (mount === undefined) return way === undefined ? undefined : "owner";
    return this.roleOf(account, mount.target);
  }

  /** Whether something may be put into a folder: a child of it decides, even where the folder itself is not in view. */
  roleIn(nodes: Nodes, account: string, folder: ModelNode): "owner" | ModelRole | undefined {
    const isShown = this.mountOf(nodes, account, folder.id) !== undefined;
    return isShown ? this.roleOf(account, folder.id) : this.roleAt(nodes, account, folder);
  }

  /** Mounts whose folder is not shared with their account any more, or lies in the trash. */
  over(nodes: Nodes): ModelNode[] {
    return [...nodes.values()].filter((node) => {
      if (node.kind !== "mount") return false;
      const account = this.#accountOf(nodes, node);
      return (
        account === undefined || this.roleOf(account, node.target) === undefined || !isLiveNode(nodes, node.target)
      );
    });
  }

  #accountOf(nodes: Nodes, mount: ModelNode): string | undefined {
    const space = spaceOf(nodes, mount.id);
    return [...this.accounts].find((account) => homeOf(account) === space);
  }
}
