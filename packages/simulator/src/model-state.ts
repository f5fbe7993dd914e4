import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { applySplices, contentIdOf, type ManifestEntry, validateManifest } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { isNameOfCopy } from "@holdfast/sync/model/conflicted-name";
import { ModelBlocks } from "./model-blocks.ts";
import { everybody, homeOf, ModelShares, spaceOf } from "./model-shares.ts";
import { lineage, type ModelNode, refuse, toJson } from "./model-tree.ts";

export interface JournalEntry {
  /** Root of the space that owns the journal. Its numbers have no gaps. */
  readonly space: string;
  readonly seq: number;
  readonly kind: ChangeKind;
  readonly id: string;
  readonly device: string;
  readonly tag: string;
  readonly decided?: Decided | undefined;
  /** Permanently removed, from the trash or from its place. */
  readonly purged?: "trash" | "place" | undefined;
  readonly isMaking: boolean;
  /** Former folder; undefined: the entry is no move. */
  readonly from?: string | null | undefined;
  /** Kind of change for each account that saw the node before or after. */
  readonly audience: ReadonlyMap<string, ChangeKind>;
}

type ChangeKind = "changed" | "appeared" | "gone";

/** Decision of a person that removed the item. */
export type Decided = { readonly rewound: true } | { readonly approvedBy: string };

export class ModelState {
  readonly rootId = homeOf(everybody);
  readonly shares = new ModelShares();
  epoch = "epoch 1";
  nodes = new Map<string, ModelNode>();
  journal: JournalEntry[] = [];
  protected readonly held = new ModelBlocks(() => (this.savings.patches += 1));
  readonly #versionNodes = new Map<string, string>();
  /** Every content of a conflicted copy. Consecutive conflicts become its versions. */
  readonly copied = new Set<string>();
  readonly seen = new Map<string, Set<string>>();
  /** Version -> the account that sent it. */
  readonly authors = new Map<string, string>();
  onVersion: (account: string, contentId: string) => void = () => undefined;
  /** Version id -> its blocks; history is never thinned. */
  readonly versions = new Map<string, readonly ManifestEntry[]>();
  /** All contents that were ever a version, available from history, trash or tree. */
  readonly contents = new Set<string>();
  readonly firstContents = new Map<string, string | null>();
  /** Ids of refused creations in the same request, on which later operations may depend. */
  readonly failedIds = new Set<string>();
  /** Mount -> the last state reported to its account. */
  readonly #reportedMounts = new Map<string, { readonly role: string; readonly waits: boolean }>();
  #count = 0;
  /** Counts of transfers with less than the full bytes. */
  readonly savings = { splices: 0, sources: 0, patches: 0, bases: 0, copies: 0 };
  /** Keeps only the newest journal entry, so every older cursor is expired. */
  forgetsAtOnce = false;
  isFull = false;

  constructor() {
    this.#addRoot(this.rootId);
  }

  #addRoot(id: string): void {
    const root = { id, kind: "folder" as const, parentId: null, name: "", target: "", trashed: false };
    const blank = {
      versionId: null,
      contentId: null,
      sizeBytes: 0,
      operationId: null,
      modifiedAt: "",
      executable: false,
      isPrivate: false,
    };
    this.nodes.set(id, { ...root, ...blank, revision: "r", seq: 0 });
  }

  addAccount(account: string): string {
    this.shares.accounts.add(account);
    this.#addRoot(homeOf(account));
    return homeOf(account);
  }

  /** Returns the position of a space's journal. */
  seqOf(space: string, end: number = this.journal.length): number {
    return this.journal.findLast((entry, index) => index < end && entry.space === space)?.seq ?? 0;
  }

  /** Position over all journals; tokens contain it. */
  get position(): number {
    return this.journal.length;
  }

  get blocks(): Map<HashHex, Uint8Array> {
    return this.held.all;
  }

  get seq(): number {
    return this.seqOf(this.rootId);
  }

  fresh(word: string): string {
    this.#count += 1;
    return `${word}${this.#count}`;
  }

  record(device: string, node: ModelNode, kind: ChangeKind, decided?: Decided): void {
    if (node.contentId !== null && isNameOfCopy(node.name)) this.copied.add(node.contentId);
    this.#store(device, { ...node, revision: this.fresh("r") }, kind, { decided });
  }

  purge(device: string, id: string): void {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`There is no ${id}.`);
    this.#store(device, { ...node, trashed: true }, "gone", { purged: node.trashed ? "trash" : "place" });
    const isOver = (each: string): boolean => lineage(this.nodes, each).some((above) => above.id === id);
    for (const each of [...this.nodes.keys()].filter(isOver)) this.nodes.delete(each);
  }

  /** Adds an entry about a permanent removal. @returns false if the entry `seen` is no such removal */
  approvePurged(
    device: string,
    account: string,
    { id, seen }: { readonly id: string; readonly seen: number },
  ): boolean {
    const space = homeOf(account);
    const isPurge = (entry: JournalEntry): boolean =>
      entry.space === space && entry.seq === seen && entry.id === id && entry.purged !== undefined;
    if (this.nodes.has(id) || !this.journal.some(isPurge)) return false;
    const audience = new Map([[account, "gone"] as const]);
    const decided = { approvedBy: account };
    this.#enter(device, { space, seq: this.seqOf(space) + 1, kind: "gone", id, audience, decided, isMaking: false });
    return true;
  }

  /** Records a change of rights, or of a mount's waiting. The revision stays. */
  recordRights(device: string, node: ModelNode, kind: ChangeKind, before: ModelShares = this.shares): void {
    this.#store(device, node, kind, { before });
  }

  #store(
    device: string,
    node: ModelNode,
    kind: ChangeKind,
    {
      before: sharesBefore = this.shares,
      decided,
      purged,
    }: { readonly before?: ModelShares } & Pick<JournalEntry, "decided" | "purged">,
  ): void {
    const [before, space] = [this.nodes, spaceOf(this.nodes, node.parentId ?? node.id)];
    const seq = this.seqOf(space) + 1;
    this.nodes = new Map(before).set(node.id, { ...node, seq });
    const audience = this.#audienceOf([before, sharesBefore], node.id, kind);
    const isMaking = !before.has(node.id);
    const from = before.get(node.id)?.parentId;
    this.#enter(device, { space, seq, kind, id: node.id, audience, decided, purged, isMaking, from });
  }

  #enter(device: string, entry: Omit<JournalEntry, "device" | "tag">): void {
    this.journal.push({ ...entry, device, tag: this.fresh("tag") });
  }

  /** The owner receives everything; others receive changes of nodes that they saw before or see now. */
  #audienceOf(
    [before, sharesBefore]: readonly [ReadonlyMap<string, ModelNode>, ModelShares],
    id: string,
    kind: ChangeKind,
  ): Map<string, ChangeKind> {
    const audience = new Map<string, ChangeKind>();
    const home = spaceOf(this.nodes, id);
    for (const account of this.shares.accounts) {
      const did = sharesBefore.isInView(before, account, id);
      const does = this.shares.isInView(this.nodes, account, id);
      if (homeOf(account) === home) audience.set(account, kind);
      else if (did || (does && !before.has(id))) audience.set(account, does ? "changed" : "gone");
      else if (does) audience.set(account, "appeared");
    }
    return audience;
  }

  /** Removes mounts of unshared and trashed folders, and reports changed roles of others. */
  settleMounts(device: string): void {
    const over = new Set(this.shares.over(this.nodes));
    this.forgetMounts(device, (mount) => over.has(mount));
    for (const mount of this.nodes.values()) {
      if (mount.kind !== "mount") continue;
      const [role = "", waits] = [this.#roleOfMount(mount), this.shares.isSuspended(this.nodes, mount.target)];
      const last = this.#reportedMounts.get(mount.id);
      this.#reportedMounts.set(mount.id, { role, waits });
      if (last === undefined || (last.role === role && last.waits === waits)) continue;
      this.recordRights(device, mount, last.waits && !waits ? "appeared" : "changed");
    }
  }

  #roleOfMount(mount: ModelNode): string | undefined {
    const account = this.shares.accountOf(this.nodes, mount);
    return account === undefined ? undefined : this.shares.grantAt(this.nodes, account, mount.target)?.role;
  }

  forgetMounts(device: string, isOver: (mount: ModelNode) => boolean): void {
    for (const mount of this.nodes.values()) {
      if (mount.kind !== "mount" || !isOver(mount)) continue;
      const [{ id }, space] = [mount, spaceOf(this.nodes, mount.id)];
      const owner = [...this.shares.accounts].find((account) => homeOf(account) === space) ?? "";
      this.#enter(device, {
        space,
        seq: this.seqOf(space) + 1,
        kind: "gone",
        id,
        audience: new Map([[owner, "gone"]]),
        isMaking: false,
      });
      this.nodes.delete(id);
    }
  }

  addVersion(
    operation: BatchOperationInput & { op: "put" },
    { nodeId, account }: { readonly nodeId: string; readonly account: string },
  ): {
    versionId: string;
    contentId: string;
    sizeBytes: number;
  } {
    const entries = this.#entriesOf(operation);
    validateManifest(entries, operation.size);
    const contentId = contentIdOf(entries);
    if (operation.content_id !== undefined && operation.content_id !== contentId) {
      throw new HoldfastError("content_mismatch", "The blocks make another content.");
    }
    if (this.isFull && operation.size > 0) refuse("quota", "There is no room for this.");
    const versionId = this.addVersionOf(entries, nodeId);
    this.authors.set(versionId, account);
    this.onVersion(account, contentId);
    this.contents.add(contentId);
    return { versionId, contentId, sizeBytes: entries.reduce((sum, { size }) => sum + size, 0) };
  }

  /** Adds nodes without entries. A device learns of them when the folder above appears. */
  addUnheard(nodes: readonly ModelNode[]): void {
    this.nodes = new Map([...this.nodes, ...nodes.map((node) => [node.id, node] as const)]);
  }

  /** Copies all versions of a file to a file of another space, which gets their blocks. @returns old ids -> new ids */
  copyVersions(fromId: string, toId: string, space: string): ReadonlyMap<string, string> {
    const ids = [...this.#versionNodes].flatMap(([versionId, nodeId]) => (nodeId === fromId ? [versionId] : []));
    return new Map(ids.map((id) => [id, this.#copyVersion(id, toId, space)]));
  }

  #copyVersion(versionId: string, nodeId: string, space: string): string {
    const entries = this.versions.get(versionId) ?? [];
    this.held.holdAlso(
      entries.map(({ hash }) => hash),
      space,
    );
    return this.addVersionOf(entries, nodeId);
  }

  /** Adds a version that nobody sent. */
  addVersionOf(entries: readonly ManifestEntry[], nodeId: string): string {
    const versionId = this.fresh("v");
    this.versions.set(versionId, entries);
    this.#versionNodes.set(versionId, nodeId);
    return versionId;
  }

  #entriesOf({
    base_version,
    source_version,
    blocks,
    splices,
  }: BatchOperationInput & { op: "put" }): readonly ManifestEntry[] {
    if (splices === undefined && source_version !== undefined) refuse("invalid_field", "Only splices have a source.");
    if (splices === undefined) return asEntries(blocks ?? []);
    const base = this.versions.get(String(source_version ?? base_version));
    if (base === undefined && source_version !== undefined) refuse("not_found", "There is no such source version.");
    if (source_version !== undefined) this.savings.sources += 1;
    if (base === undefined) return refuse("conflict", "The base version of the splices is not the newest one.");
    this.savings.splices += 1;
    return applySplices(
      base,
      splices.map((each) => ({ ...each, insert: asEntries(each.insert) })),
    );
  }

  /** Returns the space of a folder, whose blocks are separate. */
  spaceToWrite(account: string, into: string): string {
    const folder = this.nodes.get(into);
    const role = folder === undefined ? undefined : this.shares.roleIn(this.nodes, account, folder);
    if (role === undefined) throw new HoldfastError("not_found", "There is no such folder.");
    if (role === "viewer" || role === "commenter") throw new HoldfastError("forbidden", "You may only read this.");
    return spaceOf(this.nodes, into);
  }

  /**
   * In another account's space, a block is available only to its sender and to readers of a version with it. Otherwise
   * knowing a hash would give access to unshared content.
   */
  protected isThere(hash: HashHex, { account, space }: { readonly account: string; readonly space: string }): boolean {
    if (!this.held.holds(space, hash)) return false;
    if (space === homeOf(account) || this.held.wasSentBy(account, hash)) return true;
    return [...this.versions].some(
      ([id, entries]) => this.mayRead(id, account) && entries.some((entry) => entry.hash === hash),
    );
  }

  /** Returns true if a version may be the source of another node, whose space must have its blocks. */
  maySplice(versionId: string, account: string, nodeId: string): boolean {
    const sourceId = this.#versionNodes.get(versionId);
    if (sourceId === undefined || !this.mayRead(versionId, account)) return false;
    return spaceOf(this.nodes, sourceId) === spaceOf(this.nodes, nodeId);
  }

  /** Returns the newest one; none for a trashed file. */
  versionWith(id: NodeId, contentId: string, account: string): string | undefined {
    if (!this.shares.isInView(this.nodes, account, id)) return undefined;
    const ofFile = [...this.#versionNodes].flatMap(([version, node]) => (node === id ? [version] : []));
    return ofFile.findLast((version) => contentIdOf(this.versions.get(version) ?? []) === contentId);
  }

  mayRead(versionId: string, account: string): boolean {
    return this.shares.wayOf(this.nodes, account, this.#versionNodes.get(versionId) ?? "") !== undefined;
  }

  show(account: string, node: ModelNode): NodeJson {
    const { nodes, shares } = this;
    const role = shares.roleAt(nodes, account, node) ?? "viewer";
    const isGranted = role !== "owner" && shares.grantAt(nodes, account, node.id)?.target === node.id;
    const waits = node.kind === "mount" && shares.isSuspended(nodes, node.target);
    return { ...toJson(nodes, node, role), ...(isGranted && { granted: true }), ...(waits && { waits }) };
  }

  changeOf(entry: JournalEntry | undefined, account: string): ChangeJson | undefined {
    const reported = entry?.audience.get(account);
    if (entry === undefined || reported === undefined) return undefined;
    const { seq, id, decided, purged } = entry;
    // Its changes are reported at the mount, in the account's own space.
    if (this.shares.mountOf(this.nodes, account, id) !== undefined) return undefined;
    const node = this.nodes.get(id);
    const isShown = node !== undefined && this.shares.isInView(this.nodes, account, id);
    const isGone = !isShown || entry.kind === "gone";
    const fromTrash = purged === "trash" ? { from_trash: true as const } : {};
    if (isGone) return { seq, kind: "gone", id, ...decisionFields(decided, account), ...fromTrash };
    // An item that left the view and is back is reported as it is now.
    const kind = reported === "gone" ? this.#kindOfReturn(account, entry) : reported;
    const hasMore = node.kind === "folder" || node.kind === "mount";
    const existed = kind === "changed" && hasMore && !entry.isMaking ? { existed: true as const } : {};
    return { seq, kind, id, ...existed, node: this.show(account, node) };
  }

  #kindOfReturn(account: string, { from }: JournalEntry): ChangeKind {
    const { nodes, shares } = this;
    const id = from ?? "";
    return shares.isInView(nodes, account, id) || shares.mountOf(nodes, account, id) ? "changed" : "appeared";
  }

  /** Returns the positions of visible spaces; none without shares, like a server that does not know them. */
  seqsAt(account: string, end: number): { seq?: number; share_seqs?: Record<string, number> } {
    if (this.shares.accounts.size === 1) return {};
    const shown = this.shares
      .inView(this.nodes, account)
      .filter(({ kind, target }) => kind === "mount" && !this.shares.isSuspended(this.nodes, target));
    const seqs = shown.map(({ id, target }) => [id, this.seqOf(spaceOf(this.nodes, target), end)] as const);
    return { seq: this.seqOf(homeOf(account), end), share_seqs: Object.fromEntries(seqs) };
  }

  tokenAt(seq: number): string {
    return `${this.epoch}|${seq}|${this.journal[seq - 1]?.tag ?? ""}`;
  }

  noteSeen(): void {
    if (this.shares.accounts.size === 1) return;
    for (const account of this.shares.accounts) {
      const seen = this.seen.get(account) ?? new Set();
      for (const { contentId } of this.shares.inView(this.nodes, account)) if (contentId !== null) seen.add(contentId);
      this.seen.set(account, seen);
    }
  }
}

export function asEntries(entries: readonly { readonly hash: string; readonly size: number }[]): ManifestEntry[] {
  return entries.map(({ hash, size }) => ({ hash: hash as HashHex, size }));
}

/** An approval applies to the devices of the approver's account. */
function decisionFields(decided: Decided | undefined, account: string): Pick<ChangeJson, "rewound" | "approved"> {
  if (decided === undefined) return {};
  if ("rewound" in decided) return { rewound: true };
  return decided.approvedBy === account ? { approved: true } : {};
}
