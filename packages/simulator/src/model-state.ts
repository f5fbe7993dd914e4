import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { applySplices, contentIdOf, type ManifestEntry, validateManifest } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { isNameOfCopy } from "@holdfast/sync/model/conflicted-name";
import { ModelBlocks } from "./model-blocks.ts";
import { everybody, homeOf, ModelShares, spaceOf } from "./model-shares.ts";
import { lineage, type ModelNode, refuse, toJson } from "./model-tree.ts";

export interface JournalEntry {
  /** The root of the space whose journal has it; numbers are gapless in each. */
  readonly space: string;
  readonly seq: number;
  readonly kind: ChangeKind;
  readonly id: string;
  readonly device: string;
  readonly tag: string;
  readonly decided?: Decided | undefined;
  /** It was removed for good: from the trash, or from its place. */
  readonly purged?: "trash" | "place" | undefined;
  /** The node was not there before. */
  readonly isMaking: boolean;
  /** What it is to the accounts that saw the node before or after. */
  readonly audience: ReadonlyMap<string, ChangeKind>;
}

type ChangeKind = "changed" | "appeared" | "gone";

/** By what a person has decided that something goes. */
export type Decided = { readonly rewound: true } | { readonly approvedBy: string };

/** Nodes, journals and contents of all spaces, and what an account may know of them. */
export class ModelState {
  readonly rootId = homeOf(everybody);
  readonly shares = new ModelShares();
  epoch = "epoch 1";
  nodes = new Map<string, ModelNode>();
  journal: JournalEntry[] = [];
  protected readonly held = new ModelBlocks(() => (this.savings.patches += 1));
  /** Version id -> the node of which it is one. */
  readonly #versionNodes = new Map<string, string>();
  /** Every content that a conflicted copy ever had: those of conflicts that follow each other are its versions. */
  readonly copied = new Set<string>();
  /** Account -> all contents that it ever could see. */
  readonly seen = new Map<string, Set<string>>();
  /** Version -> the account that sent it. */
  readonly authors = new Map<string, string>();
  onVersion: (account: string, contentId: string) => void = () => undefined;
  /** Version id -> its blocks; history is never thinned. */
  readonly versions = new Map<string, readonly ManifestEntry[]>();
  /** Of contents that ever were a version: all that history, trash and tree can give back. */
  readonly contents = new Set<string>();
  /** Node id -> what it was made with. */
  readonly firstContents = new Map<string, string | null>();
  /** Of creates of the same request that were refused: what names them depends on them. */
  readonly failedIds = new Set<string>();
  /** Mount -> what its account was told of it. */
  readonly #toldOfMounts = new Map<string, { readonly role: string; readonly waits: boolean }>();
  #count = 0;
  /** How often something came or went in less than its bytes. */
  readonly savings = { splices: 0, sources: 0, patches: 0, bases: 0, copies: 0 };
  /** Of the journal only the newest entry is kept: every cursor that does not stand at it is too old. */
  forgetsAtOnce = false;
  /** Nothing new fits into any space. */
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

  /** @returns the root of its space */
  addAccount(account: string): string {
    this.shares.accounts.add(account);
    this.#addRoot(homeOf(account));
    return homeOf(account);
  }

  /** Of the journal of a space, so far. */
  seqOf(space: string, end: number = this.journal.length): number {
    return this.journal.findLast((entry, index) => index < end && entry.space === space)?.seq ?? 0;
  }

  /** Of all journals together; a token names it. */
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

  /** For good, with all below it. */
  purge(device: string, id: string): void {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`There is no ${id}.`);
    this.#store(device, { ...node, trashed: true }, "gone", { purged: node.trashed ? "trash" : "place" });
    const isOver = (each: string): boolean => lineage(this.nodes, each).some((above) => above.id === id);
    for (const each of [...this.nodes.keys()].filter(isOver)) this.nodes.delete(each);
  }

  /** One more entry about what was removed for good. @returns whether the entry `seen` told that */
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

  /** What changed is only what somebody may do with it, or that a mount waits: it has the revision that it had. */
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
    this.#enter(device, { space, seq, kind, id: node.id, audience, decided, purged, isMaking });
  }

  #enter(device: string, entry: Omit<JournalEntry, "device" | "tag">): void {
    this.journal.push({ ...entry, device, tag: this.fresh("tag") });
  }

  /** The owner hears of everything; others of what they saw before or see now. */
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

  /** What is shared no longer, or in the trash, is in nobody's view. Of all others it is told what is another role than was told. */
  settleMounts(device: string): void {
    const over = new Set(this.shares.over(this.nodes));
    this.forgetMounts(device, (mount) => over.has(mount));
    for (const mount of this.nodes.values()) {
      if (mount.kind !== "mount") continue;
      const [role = "", waits] = [this.#roleOfMount(mount), this.shares.isSuspended(this.nodes, mount.target)];
      const told = this.#toldOfMounts.get(mount.id);
      this.#toldOfMounts.set(mount.id, { role, waits });
      if (told === undefined || (told.role === role && told.waits === waits)) continue;
      this.recordRights(device, mount, told.waits && !waits ? "appeared" : "changed");
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

  /** Nodes of which no entry tells: a device hears of them with the folder that appears above them. */
  addUnheard(nodes: readonly ModelNode[]): void {
    this.nodes = new Map([...this.nodes, ...nodes.map((node) => [node.id, node] as const)]);
  }

  /** All versions of a file, for a file of another space, which has their blocks from now on. @returns from the old ids to the new ones */
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

  /** One that nobody sent. */
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

  /** The space of a folder, whose blocks nobody else's are. */
  spaceToWrite(account: string, into: string): string {
    const folder = this.nodes.get(into);
    const role = folder === undefined ? undefined : this.shares.roleIn(this.nodes, account, folder);
    if (role === undefined) throw new HoldfastError("not_found", "There is no such folder.");
    if (role === "viewer" || role === "commenter") throw new HoldfastError("forbidden", "You may only read this.");
    return spaceOf(this.nodes, into);
  }

  /** In somebody else's space a block is there for who sent it, or may read a version that has it: else one would read by its hash what was never shared. */
  protected isThere(hash: HashHex, { account, space }: { readonly account: string; readonly space: string }): boolean {
    if (!this.held.holds(space, hash)) return false;
    if (space === homeOf(account) || this.held.wasSentBy(account, hash)) return true;
    return [...this.versions].some(
      ([id, entries]) => this.mayRead(id, account) && entries.some((entry) => entry.hash === hash),
    );
  }

  /** Whether a version may be the source of another node's: its blocks have to be those of that node's space. */
  maySplice(versionId: string, account: string, nodeId: string): boolean {
    const sourceId = this.#versionNodes.get(versionId);
    if (sourceId === undefined || !this.mayRead(versionId, account)) return false;
    return spaceOf(this.nodes, sourceId) === spaceOf(this.nodes, nodeId);
  }

  /** The newest; of a file in the trash none. */
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
    const kind = entry?.audience.get(account);
    if (entry === undefined || kind === undefined) return undefined;
    const { seq, id, decided, purged } = entry;
    // What is said of it stands in the account's own space, with its mount.
    if (this.shares.mountOf(this.nodes, account, id) !== undefined) return undefined;
    const node = this.nodes.get(id);
    const isGone = kind === "gone" || node === undefined || !this.shares.isInView(this.nodes, account, id);
    const fromTrash = purged === "trash" ? { from_trash: true as const } : {};
    if (isGone) return { seq, kind: "gone", id, ...toldOf(decided, account), ...fromTrash };
    const hasMore = node.kind === "folder" || node.kind === "mount";
    const existed = kind === "changed" && hasMore && !entry.isMaking ? { existed: true as const } : {};
    return { seq, kind, id, ...existed, node: this.show(account, node) };
  }

  /** Where the journals of the spaces in view stand; nothing of it where nobody shares anything, as a server does that knows no shares. */
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

/** What somebody approves counts on the devices of their own account. */
function toldOf(decided: Decided | undefined, account: string): Pick<ChangeJson, "rewound" | "approved"> {
  if (decided === undefined) return {};
  if ("rewound" in decided) return { rewound: true };
  return decided.approvedBy === account ? { approved: true } : {};
}
