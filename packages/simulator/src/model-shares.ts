import { isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";

export type ModelRole = "viewer" | "commenter" | "editor" | "uploader";

/** From the least to the most. */
const roles: readonly ModelRole[] = ["uploader", "viewer", "commenter", "editor"];

/** A right of somebody else at a file or folder of an account, and at all below it up to the next one. */
export interface Grant {
  readonly target: string;
  /** Or a group. */
  readonly account: string;
  readonly role: ModelRole;
  /** Counts as none from then on; undefined: it has no end. */
  readonly expiresAtMs?: number | undefined;
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
  /** Group -> the accounts in it. */
  groups: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  /** Accounts that are suspended: what they share is in nobody's view. */
  suspended: ReadonlySet<string> = new Set();
  nowMs: () => number = () => 0;

  /** As it would be with other grants, none of which has an end. */
  withGrants(grants: readonly Grant[]): ModelShares {
    const other = new ModelShares();
    for (const account of this.accounts) other.accounts.add(account);
    other.grants = grants.map((grant) => ({ ...grant, expiresAtMs: undefined }));
    other.groups = this.groups;
    other.suspended = this.suspended;
    return other;
  }

  /** Of the grants on the way up the nearest one counts; of those at one node one's own, or else the highest of those of groups. */
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

  /** Undefined: it may not know of it. Whoever may only upload sees nothing. */
  #readerAt(nodes: Nodes, account: string, id: string): ModelRole | undefined {
    const role = this.grantAt(nodes, account, id)?.role;
    return role === "uploader" ? undefined : role;
  }

  /** The live mount of an account that shows a folder of another space, if there is one. */
  mountOf(nodes: Nodes, account: string, target: string): ModelNode | undefined {
    if (this.isSuspended(nodes, target) || this.#readerAt(nodes, account, target) === undefined) return undefined;
    const home = homeOf(account);
    for (const node of nodes.values()) {
      const isOf = node.kind === "mount" && node.target === target && spaceOf(nodes, node.id) === home;
      if (isOf && isLiveNode(nodes, node.id)) return node;
    }
    return undefined;
  }

  /** True if a folder contains what the account does not delete with it. */
  keepsBelow(nodes: Nodes, account: string, folder: string): boolean {
    return this.#isMountedBelow(nodes, account, folder) || this.#isLimitedBelow(nodes, account, folder);
  }

  /** True if a folder contains another one that the account has mounted. */
  #isMountedBelow(nodes: Nodes, account: string, folder: string): boolean {
    return [...nodes.values()].some(({ kind, target }) => {
      if (kind !== "mount" || target === folder || !isLiveNode(nodes, target)) return false;
      return (
        lineage(nodes, target).some(({ id }) => id === folder) && this.mountOf(nodes, account, target) !== undefined
      );
    });
  }

  /** True if a folder contains something that the account may not see, or may only read. */
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
   * From a node up to the account's own root, through the mount where it is in a share: the folder of the other space itself
   * is not in view, the mount stands for it. Also of what lies in the trash; undefined: the account may not know that it exists.
   */
  wayOf(nodes: Nodes, account: string, id: string): readonly ModelNode[] | undefined {
    const way = lineage(nodes, id);
    if (way.at(-1)?.id === homeOf(account)) return way;
    // Somebody else's mounts are nobody's business.
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

  /** Undefined: not to be seen at all. A mount has the role of what it shows. */
  roleAt(nodes: Nodes, account: string, node: ModelNode): "owner" | ModelRole | undefined {
    const way = this.wayOf(nodes, account, node.id);
    if (way === undefined) return undefined;
    if (node.kind === "mount") return this.#readerAt(nodes, account, node.target);
    return way.some(({ kind }) => kind === "mount") ? this.#readerAt(nodes, account, node.id) : "owner";
  }

  /** Whether something may be put into a folder, also where the folder itself is not in view: one that a mount shows, or of a drop box. */
  roleIn(nodes: Nodes, account: string, folder: ModelNode): "owner" | ModelRole | undefined {
    if (this.mountOf(nodes, account, folder.id) !== undefined) return this.#readerAt(nodes, account, folder.id);
    const role = this.isSuspended(nodes, folder.id) ? undefined : this.grantAt(nodes, account, folder.id)?.role;
    const isOthers = spaceOf(nodes, folder.id) !== homeOf(account);
    return isOthers && role === "uploader" ? role : this.roleAt(nodes, account, folder);
  }

  /** Mounts whose folder may not be seen by their account any more, or lies in the trash. Those of who is suspended wait. */
  over(nodes: Nodes): ModelNode[] {
    return [...nodes.values()].filter((node) => {
      if (node.kind !== "mount") return false;
      const account = this.accountOf(nodes, node);
      const isSeen = account !== undefined && this.#readerAt(nodes, account, node.target) !== undefined;
      return !isSeen || !isLiveNode(nodes, node.target);
    });
  }

  /** Whose a mount is. */
  accountOf(nodes: Nodes, mount: ModelNode): string | undefined {
    const space = spaceOf(nodes, mount.id);
    return [...this.accounts].find((account) => homeOf(account) === space);
  }
}
