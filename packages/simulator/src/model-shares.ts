import { isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";

export type ModelRole = "viewer" | "commenter" | "editor" | "uploader";

/** From least to most. */
const roles: readonly ModelRole[] = ["uploader", "viewer", "commenter", "editor"];

/** Role of another account at a file or folder. It applies to everything below, up to the next one. */
export interface Grant {
  readonly target: string;
  /** An account or a group. */
  readonly account: string;
  readonly role: ModelRole;
  /** Expiry; undefined: none. */
  readonly expiresAtMs?: number | undefined;
}

/** Account of a world without shares. */
export const everybody = "everybody";

/** Returns the root of an account's own space. */
export function homeOf(account: string): string {
  return account === everybody ? "root-node" : `root of ${account}`;
}

/** Returns the root of a node's space, which identifies it. */
export function spaceOf(nodes: Nodes, id: string): string {
  return lineage(nodes, id).at(-1)?.id ?? "";
}

export class ModelShares {
  readonly accounts = new Set<string>([everybody]);
  grants: readonly Grant[] = [];
  groups: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  /** Suspended accounts, whose shares are invisible. */
  suspended: ReadonlySet<string> = new Set();
  nowMs: () => number = () => 0;

  /** Returns the same with other grants that never expire. */
  withGrants(grants: readonly Grant[]): ModelShares {
    const other = new ModelShares();
    for (const account of this.accounts) other.accounts.add(account);
    other.grants = grants.map((grant) => ({ ...grant, expiresAtMs: undefined }));
    other.groups = this.groups;
    other.suspended = this.suspended;
    return other;
  }

  /** Returns the nearest grant on the way up. At one node, a direct grant precedes the highest of the groups' ones. */
  grantAt(nodes: Nodes, account: string, id: string): Grant | undefined {
    const mine = this.grants.filter((each) => this.#concerns(each, account));
    for (const { id: target } of mine.length === 0 ? [] : lineage(nodes, id)) {
      const here = mine.filter((each) => each.target === target);
      const own = here.find((each) => each.account === account);
      if (here.length > 0)
        return own ?? here.toSorted((one, other) => roles.indexOf(other.role) - roles.indexOf(one.role))[0];
    }
    return undefined;
  }

  #concerns({ account: grantee, expiresAtMs = Infinity }: Grant, account: string): boolean {
    return (grantee === account || this.groups.get(grantee)?.has(account) === true) && expiresAtMs > this.nowMs();
  }

  /** Returns undefined if the node is invisible. An uploader sees nothing. */
  #readerAt(nodes: Nodes, account: string, id: string): ModelRole | undefined {
    const role = this.grantAt(nodes, account, id)?.role;
    return role === "uploader" ? undefined : role;
  }

  mountOf(nodes: Nodes, account: string, target: string): ModelNode | undefined {
    if (this.isSuspended(nodes, target) || this.#readerAt(nodes, account, target) === undefined) return undefined;
    const home = homeOf(account);
    for (const node of nodes.values()) {
      const isOf = node.kind === "mount" && node.target === target && spaceOf(nodes, node.id) === home;
      if (isOf && isLiveNode(nodes, node.id)) return node;
    }
    return undefined;
  }

  /** Returns true if a folder has content that the account cannot delete with it. */
  keepsBelow(nodes: Nodes, account: string, folder: string): boolean {
    return this.#isMountedBelow(nodes, account, folder) || this.#isLimitedBelow(nodes, account, folder);
  }

  #isMountedBelow(nodes: Nodes, account: string, folder: string): boolean {
    return [...nodes.values()].some(({ kind, target }) => {
      if (kind !== "mount" || target === folder || !isLiveNode(nodes, target)) return false;
      return (
        lineage(nodes, target).some(({ id }) => id === folder) && this.mountOf(nodes, account, target) !== undefined
      );
    });
  }

  #isLimitedBelow(nodes: Nodes, account: string, folder: string): boolean {
    return this.grants.some(({ target }) => {
      const way = lineage(nodes, target).map(({ id }) => id);
      const isBelow = way.indexOf(folder) > 0 && isLiveNode(nodes, target);
      return isBelow && this.grantAt(nodes, account, target)?.role !== "editor";
    });
  }

  isSuspended(nodes: Nodes, id: string): boolean {
    const space = this.suspended.size === 0 ? undefined : spaceOf(nodes, id);
    return [...this.suspended].some((account) => homeOf(account) === space);
  }

  /**
   * Returns the way from a node up to the account's own root, through the mount if it is shared: the mount replaces the
   * shared folder. Includes trashed nodes; undefined: invisible to the account.
   */
  wayOf(nodes: Nodes, account: string, id: string): readonly ModelNode[] | undefined {
    const way = lineage(nodes, id);
    if (way.at(-1)?.id === homeOf(account)) return way;
    // Other accounts' mounts are invisible.
    if (way.length === 0 || way.some(({ kind }) => kind === "mount")) return undefined;
    for (const [index, { id: target }] of way.entries()) {
      if (this.#readerAt(nodes, account, target) === undefined) return undefined;
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

  /** Returns undefined for an invisible node. A mount has the role of its share. */
  roleAt(nodes: Nodes, account: string, node: ModelNode): "owner" | ModelRole | undefined {
    const way = this.wayOf(nodes, account, node.id);
    if (way === undefined) return undefined;
    if (node.kind === "mount") return this.#readerAt(nodes, account, node.target);
    return way.some(({ kind }) => kind === "mount") ? this.#readerAt(nodes, account, node.id) : "owner";
  }

  /** Returns the role for adding to a folder, which may itself be invisible: a mounted folder, or a drop box. */
  roleIn(nodes: Nodes, account: string, folder: ModelNode): "owner" | ModelRole | undefined {
    if (this.mountOf(nodes, account, folder.id) !== undefined) return this.#readerAt(nodes, account, folder.id);
    const role = this.isSuspended(nodes, folder.id) ? undefined : this.grantAt(nodes, account, folder.id)?.role;
    const isOthers = spaceOf(nodes, folder.id) !== homeOf(account);
    return isOthers && role === "uploader" ? role : this.roleAt(nodes, account, folder);
  }

  /** Returns mounts whose folder is trashed or no longer visible to their account. Mounts of suspended owners wait. */
  over(nodes: Nodes): ModelNode[] {
    return [...nodes.values()].filter((node) => {
      if (node.kind !== "mount") return false;
      const account = this.accountOf(nodes, node);
      const isSeen = account !== undefined && this.#readerAt(nodes, account, node.target) !== undefined;
      return !isSeen || !isLiveNode(nodes, node.target);
    });
  }

  accountOf(nodes: Nodes, mount: ModelNode): string | undefined {
    const space = spaceOf(nodes, mount.id);
    return [...this.accounts].find((account) => homeOf(account) === space);
  }
}
