import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type {
  BatchResult,
  Changer,
  OutgoingBlock,
  Server,
  WantedBlock,
  WantedManifest,
} from "@holdfast/sync-ports/ports";
import { type Actor, applyOperation, contestedName, nodeIdOf } from "./model-operations.ts";
import { everybody, type Grant, homeOf, type ModelRole, type ModelShares, spaceOf } from "./model-shares.ts";
import { asEntries, type JournalEntry, ModelState } from "./model-state.ts";
import { childNamed, isLiveNode, lineage, type ModelNode } from "./model-tree.ts";

/** Result of an operation id: the same request gets the same result. */
interface Answered {
  readonly request: string;
  readonly result: BatchResult;
}

interface Backup {
  readonly nodes: Map<string, ModelNode>;
  readonly journal: JournalEntry[];
  readonly grants: readonly Grant[];
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly suspended: ReadonlySet<string>;
  readonly operations: Map<string, Answered>;
  readonly versions: ReadonlySet<string>;
}

const pageSize = 7;

/** In-memory server that behaves like the real one, one request at a time. */
export class ModelServer extends ModelState {
  readonly #operations = new Map<string, Answered>();
  /** Node -> account that last placed it, and its revision at that time. */
  readonly #placers = new Map<string, { readonly account: string; readonly revision: string | undefined }>();
  #wakers: (() => void)[] = [];
  onCommit: () => void = () => undefined;
  #keptSince = 0;

  /**
   * Sets or removes the role of an account at a folder.
   * @param expiresAtMs in the clock of `shares.nowMs`; requires a later call of `sweep`
   */
  grant(device: string, target: string, account: string, role: ModelRole | undefined, expiresAtMs?: number): void {
    const others = this.shares.grants.filter((each) => each.account !== account || each.target !== target);
    const grants = role === undefined ? others : [...others, { target, account, role, expiresAtMs }];
    this.#changeRights(device, [target], () => (this.shares.grants = grants));
    this.announce();
  }

  /** Ends expired grants. Until then nobody is notified, although they do not count. */
  sweep(): void {
    const { shares } = this;
    const nowMs = shares.nowMs();
    for (const over of shares.grants.filter(({ expiresAtMs }) => (expiresAtMs ?? Infinity) <= nowMs))
      this.#changeRights("sweep", [over.target], () => (shares.grants = shares.grants.filter((each) => each !== over)));
    this.announce();
  }

  /** Suspends or restores an account, whose mounted folders then wait or return. */
  suspend(account: string, isSuspended: boolean): void {
    const others = [...this.shares.suspended].filter((each) => each !== account);
    this.shares.suspended = new Set(isSuspended ? [...others, account] : others);
    this.settleMounts("administrator");
    this.announce();
  }

  /** Adds or removes a member of a group, which immediately changes that account's access. */
  putIntoGroup(device: string, group: string, account: string, isMember: boolean): void {
    const { shares } = this;
    const others = [...(shares.groups.get(group) ?? [])].filter((each) => each !== account);
    const targets = shares.grants.filter((grant) => grant.account === group).map(({ target }) => target);
    const members = new Set(isMember ? [...others, account] : others);
    this.#changeRights(device, targets, () => (shares.groups = new Map(shares.groups).set(group, members)));
    this.announce();
  }

  #changeRights(device: string, targets: readonly string[], change: () => void): void {
    const { shares } = this;
    const before = shares.withGrants(shares.grants);
    change();
    for (const target of targets) {
      const node = this.nodes.get(target);
      // A mount reports its own folder.
      const isSeen = (some: ModelShares): boolean =>
        [...shares.accounts].some(
          (account) => spaceOf(this.nodes, target) !== homeOf(account) && some.isInView(this.nodes, account, target),
        );
      if (node !== undefined && (isSeen(before) || isSeen(shares))) this.recordRights(device, node, "changed", before);
    }
    this.settleMounts(device);
  }

  /**
   * Mounts a granted folder in the account's own space.
   * @returns the mount's id
   * @throws HoldfastError not_found, invalid_field, exists (also if it, or a folder above or below, is mounted)
   */
  mount(by: Actor, target: string, { parentId, name }: { readonly parentId: string; readonly name: string }): string {
    const { shares } = this;
    this.forgetMounts(by.device, ({ id, target: shown }) => shown === target && !isLiveNode(this.nodes, id));
    const { nodes } = this;
    const role = shares.isSuspended(nodes, target) ? undefined : shares.grantAt(nodes, by.account, target)?.role;
    const isGranted = role !== undefined && role !== "uploader" && isLiveNode(nodes, target);
    if (!isGranted) throw new HoldfastError("not_found", "There is no such folder.");
    if (nodes.get(target)?.kind !== "folder") throw new HoldfastError("invalid_field", "Only folders can be mounted.");
    if (spaceOf(nodes, target) === homeOf(by.account)) throw new HoldfastError("invalid_field", "This is your own.");
    const inside = (id: string, above: string): boolean => lineage(nodes, id).some((each) => each.id === above);
    const isNested = [...nodes.values()].some(
      (node) =>
        node.kind === "mount" &&
        spaceOf(nodes, node.id) === homeOf(by.account) &&
        (inside(target, node.target) || inside(node.target, target)),
    );
    if (isNested || childNamed(nodes, parentId, name) !== undefined) {
      throw new HoldfastError("exists", "It is in view already, or the name is taken.");
    }
    const id = this.fresh("mount");
    const blank = { trashed: false, versionId: null, contentId: null, sizeBytes: 0, operationId: null };
    const times = { modifiedAt: "", executable: false, isPrivate: false, revision: "", seq: 0 };
    this.record(by.device, { id, kind: "mount", parentId, name, target, ...blank, ...times }, "appeared");
    this.settleMounts(by.device);
    this.announce();
    return id;
  }

  listChanges(sinceToken: string, account = everybody): Awaited<ReturnType<Server["listChanges"]>> {
    const [epoch = "", text = "", tag = ""] = sinceToken.split("|");
    const since = Number(text);
    if (epoch !== this.epoch || since > this.position || (since > 0 && this.journal[since - 1]?.tag !== tag)) {
      throw new HoldfastError("reset", "The journal is another one.", { body: { reason: "epoch" } });
    }
    if (since < (this.forgetsAtOnce ? this.position : this.#keptSince)) {
      throw new HoldfastError("reset", "The token is too old.", { body: { reason: "expired" } });
    }
    const changes: ChangeJson[] = [];
    let end = since;
    for (; end < this.position && changes.length < pageSize; end += 1) {
      const change = this.changeOf(this.journal[end], account);
      if (change !== undefined) changes.push(change);
    }
    const more = { next_token: this.tokenAt(end), has_more: end < this.position, epoch: this.epoch };
    return { changes, ...more, ...this.seqsAt(account, end) };
  }

  /** Requires a snapshot of every device that is not up to date. */
  forgetJournal(): void {
    this.#keptSince = this.position;
  }

  snapshot(cursor: string | undefined, account = everybody): Awaited<ReturnType<Server["snapshot"]>> {
    const [after = "", token = this.tokenAt(this.position)] = cursor?.split("#") ?? [];
    const live = this.shares.inView(this.nodes, account).filter(({ id }) => id > after);
    live.sort((one, other) => (one.id < other.id ? -1 : 1));
    const page = live.slice(0, pageSize);
    const next = live.length > pageSize ? `${page.at(-1)?.id}#${token}` : null;
    const items = page.map((node) => this.show(account, node));
    const seqs = this.seqsAt(account, Number(token.split("|")[1]));
    return { items, next_cursor: next, token, epoch: this.epoch, ...seqs };
  }

  queryNodes(ids: readonly NodeId[], account = everybody): Awaited<ReturnType<Server["queryNodes"]>> {
    return ids.map((id) => {
      const standing = this.shares.isInView(this.nodes, account, id) ? "live" : "trashed";
      return { id, state: this.shares.wayOf(this.nodes, account, id) === undefined ? "gone" : standing };
    });
  }

  listBelow(id: NodeId, account = everybody): Awaited<ReturnType<Server["listBelow"]>> {
    const { nodes, shares } = this;
    if (!shares.isInView(nodes, account, id)) throw new HoldfastError("not_found", "There is no such folder.");
    const isBelow = (node: ModelNode): boolean =>
      node.id !== id && shares.wayOf(nodes, account, node.id)?.some((above) => above.id === id) === true;
    return shares
      .inView(nodes, account)
      .filter(isBelow)
      .map((node) => this.show(account, node));
  }

  /** @throws HoldfastError unavailable for a missing version */
  changersOf(id: NodeId, versionId: string | null): Awaited<ReturnType<Server["changersOf"]>> {
    if (versionId !== null && !this.versions.has(versionId))
      throw new HoldfastError("unavailable", "There is no such version any more.");
    const space = spaceOf(this.nodes, id);
    const owner = [...this.shares.accounts].find((account) => homeOf(account) === space) ?? "";
    const changer = (accountId = owner): Changer => ({ accountId, name: accountId });
    const [node, placer] = [this.nodes.get(id), this.#placers.get(id)];
    const isLatest = node === undefined || node.revision === placer?.revision;
    return {
      version: versionId === null ? undefined : changer(this.authors.get(versionId)),
      placed: { ...changer(placer?.account), isLatest },
    };
  }

  manifests(wanted: readonly WantedManifest[], account = everybody): Awaited<ReturnType<Server["manifests"]>> {
    return new Map(
      wanted.flatMap(({ versionId }) => {
        const entries = this.mayRead(versionId, account) ? this.versions.get(versionId) : undefined;
        return entries === undefined ? [] : [[versionId, entries] as const];
      }),
    );
  }

  missingBlocks(
    hashes: readonly HashHex[],
    account = everybody,
    into: string = homeOf(account),
    growthBytes = 0,
  ): Set<HashHex> {
    const space = this.spaceToWrite(account, into);
    if (this.isFull && growthBytes > 0) throw new HoldfastError("quota", "There is no room for this.");
    return new Set(hashes.filter((hash) => !this.isThere(hash, { account, space })));
  }

  putBlocks(blocks: readonly OutgoingBlock[], account = everybody, into: string = homeOf(account)): void {
    if (this.isFull && blocks.length > 0) throw new HoldfastError("quota", "There is no room for this.");
    this.held.store(blocks, [this.spaceToWrite(account, into)], account);
  }

  readBlock({ hash, versionId }: WantedBlock, account = everybody): Uint8Array {
    const bytes = this.blocks.get(hash);
    const isPart = this.versions.get(versionId)?.some((entry) => entry.hash === hash) === true;
    if (bytes !== undefined && isPart && this.mayRead(versionId, account)) return bytes;
    throw new HoldfastError("not_found", "There is no such block.", { body: { hash } });
  }

  commit(
    device: string,
    epoch: string,
    operations: readonly BatchOperationInput[],
    blocks: readonly OutgoingBlock[],
    account = everybody,
  ): Awaited<ReturnType<Server["commit"]>> {
    if (epoch !== this.epoch) throw new HoldfastError("reset", "Another epoch.", { body: { reason: "epoch" } });
    if (operations.length > limits.batchOperationsMax) throw new HoldfastError("too_large", "Too many operations.");
    const by: Actor = { device, account };
    this.held.store(blocks, this.#writableSpaces(operations, account), account);
    const before = this.position;
    const results: BatchResult[] = [];
    this.failedIds.clear();
    for (let start = 0; start < operations.length;) {
      const group = operations[start]?.group;
      const rest = operations.findIndex(
        (each, index) => index > start && (group === undefined || each.group !== group),
      );
      const end = rest === -1 ? operations.length : rest;
      const unit = operations.slice(start, end);
      const outcomes = this.#applyUnit(by, unit);
      for (const [index, each] of unit.entries()) {
        if ("id" in each && each.id !== undefined && outcomes[index]?.status !== "committed")
          this.failedIds.add(each.id);
      }
      results.push(...outcomes);
      start = end;
    }
    if (this.position !== before) this.announce();
    return { results, seq: this.seqOf(homeOf(account)) };
  }

  /** Resolves at the next change after a token, or immediately. @throws HoldfastError reset */
  waitBeyond(sinceToken: string): Promise<void> {
    if (sinceToken !== this.tokenAt(this.position)) {
      this.listChanges(sinceToken);
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  backUp(): Backup {
    const { nodes, journal, shares } = this;
    const operations = new Map(this.#operations);
    const versions = new Set(this.versions.keys());
    const { grants, groups, suspended } = shares;
    return { nodes: new Map(nodes), journal: [...journal], grants, groups, suspended, operations, versions };
  }

  restore(backup: Backup): void {
    this.nodes = new Map(backup.nodes);
    this.journal = [...backup.journal];
    for (const id of this.versions.keys()) if (!backup.versions.has(id)) this.versions.delete(id);
    const { grants, groups, suspended } = backup;
    Object.assign(this.shares, { grants, groups, suspended });
    this.#operations.clear();
    for (const [id, result] of backup.operations) this.#operations.set(id, result);
    this.epoch = this.fresh("epoch ");
    this.#keptSince = 0;
    this.announce();
  }

  #applyUnit(by: Actor, unit: readonly BatchOperationInput[]): BatchResult[] {
    const done = unit.map((operation) => this.#repeated(operation));
    if (done.every((result) => result !== undefined)) return done;
    const missing = unit.map((operation) => this.#missingOf(operation, by.account));
    if (missing.some((hashes) => hashes.length > 0)) {
      return unit.map(({ operation_id }, index) => ({
        operation_id,
        ...((missing[index]?.length ?? 0) > 0
          ? { status: "missing" as const, missing_blocks: missing[index] ?? [] }
          : dependency),
      }));
    }
    const [nodes, length] = [new Map(this.nodes), this.journal.length];
    let current = 0;
    try {
      for (const operation of unit) {
        applyOperation(this, by, operation, unit.length > 1);
        this.#notePlacer(by, operation);
        current += 1;
      }
      current = contestedName(this.nodes, unit, by);
      if (current >= 0) throw new HoldfastError("exists", "A name is taken at the end of the group.");
    } catch (thrown) {
      const error = toHoldfastError(thrown);
      if (error.code === "internal") throw error;
      this.nodes = nodes;
      this.journal.length = length;
      const conflicts = ["conflict", "exists", "precondition"].includes(error.code);
      const refused = { status: conflicts ? ("conflict" as const) : ("error" as const), code: error.code };
      return unit.map(({ operation_id }, index) => ({
        operation_id,
        ...(index === current || unit.length === 1 ? refused : dependency),
      }));
    }
    this.settleMounts(by.device);
    return unit.map((operation) => {
      const node = this.nodes.get(nodeIdOf(operation) ?? "");
      const { operation_id } = operation;
      const result: BatchResult = { operation_id, status: "committed", node: node && this.show(by.account, node) };
      this.#operations.set(operation_id, { request: JSON.stringify(operation), result });
      return result;
    });
  }

  #notePlacer({ account }: Actor, operation: BatchOperationInput): void {
    const places = operation.op !== "set" && (operation.op !== "put" || operation.file_id === undefined);
    const id = nodeIdOf(operation);
    if (places && id !== undefined) this.#placers.set(id, { account, revision: this.nodes.get(id)?.revision });
  }

  #repeated(operation: BatchOperationInput): BatchResult | undefined {
    const answered = this.#operations.get(operation.operation_id);
    if (answered === undefined || answered.request === JSON.stringify(operation)) return answered?.result;
    return { operation_id: operation.operation_id, status: "error", code: "operation_reused" };
  }

  #missingOf(operation: BatchOperationInput, account: string): HashHex[] {
    const space = this.#spaceOfPut(operation, account);
    if (operation.op !== "put" || space === undefined) return [];
    const entries = [...(operation.blocks ?? []), ...(operation.splices ?? []).flatMap(({ insert }) => insert)];
    return asEntries(entries).flatMap(({ hash }) => (this.isThere(hash, { account, space }) ? [] : [hash]));
  }

  /** Returns undefined if nothing is put, or this account has no such place. */
  #spaceOfPut(operation: BatchOperationInput, account: string): string | undefined {
    if (operation.op !== "put") return undefined;
    const id = operation.file_id ?? operation.parent_id ?? homeOf(account);
    const node = this.nodes.get(id);
    const role = node === undefined ? undefined : this.shares.roleIn(this.nodes, account, node);
    return role === undefined || role === "viewer" || role === "commenter" ? undefined : spaceOf(this.nodes, id);
  }

  #writableSpaces(operations: readonly BatchOperationInput[], account: string): string[] {
    return [...new Set(operations.map((operation) => this.#spaceOfPut(operation, account) ?? homeOf(account)))];
  }

  announce(): void {
    this.noteSeen();
    this.onCommit();
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

const dependency = { status: "error" as const, code: "dependency" };
