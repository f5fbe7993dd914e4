import { toHoldfastError, HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { sha256 } from "@holdfast/core/hash";
import { applySplices, contentIdOf, type ManifestEntry, validateManifest } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { BatchResult, OutgoingBlock, Server, WantedBlock, WantedManifest } from "@holdfast/sync/ports";
import { applyOperation, contestedName, nodeIdOf } from "./model-operations.ts";
import { decodeSmallPatch } from "./small-patches.ts";
import { isLiveNode, liveBelow, type ModelNode, refuse, toJson } from "./model-tree.ts";

export interface JournalEntry {
  readonly seq: number;
  readonly kind: "changed" | "appeared" | "gone";
  readonly id: string;
  readonly device: string;
  readonly tag: string;
}

/** What was done under an operation id: the same request gets the same answer. */
interface Answered {
  readonly request: string;
  readonly result: BatchResult;
}

interface Backup {
  readonly nodes: Map<string, ModelNode>;
  readonly journal: JournalEntry[];
  readonly operations: Map<string, Answered>;
}

const pageSize = 7;

/** A server in memory that answers as the real one does, one request after the other. */
export class ModelServer {
  readonly rootId = "root-node";
  epoch = "epoch 1";
  nodes = new Map<string, ModelNode>();
  journal: JournalEntry[] = [];
  readonly blocks = new Map<HashHex, Uint8Array>();
  /** Version id -> its blocks; history is never thinned. */
  readonly versions = new Map<string, readonly ManifestEntry[]>();
  /** Of contents that ever were a version: all that history, trash and tree can give back. */
  readonly contents = new Set<string>();
  /** Node id -> what it was made with. */
  readonly firstContents = new Map<string, string | null>();
  /** Of creates of the same request that were refused: what names them depends on them. */
  readonly failedIds = new Set<string>();
  readonly #operations = new Map<string, Answered>();
  #count = 0;
  #wakers: (() => void)[] = [];
  /** How often something came or went in less than its bytes. */
  readonly savings = { splices: 0, patches: 0, bases: 0, copies: 0 };
  onCommit: () => void = () => undefined;

  constructor() {
    const root = { id: this.rootId, kind: "folder" as const, parentId: null, name: "", target: "", trashed: false };
    const blank = {
      versionId: null,
      contentId: null,
      sizeBytes: 0,
      operationId: null,
      modifiedAt: "",
      executable: false,
    };
    this.nodes.set(this.rootId, { ...root, ...blank, revision: "r", seq: 0 });
  }

  get seq(): number {
    return this.journal.length;
  }

  fresh(word: string): string {
    this.#count += 1;
    return `${word}${this.#count}`;
  }

  listChanges(sinceToken: string): Awaited<ReturnType<Server["listChanges"]>> {
    const [epoch = "", text = "", tag = ""] = sinceToken.split("|");
    const since = Number(text);
    if (epoch !== this.epoch || since > this.seq || (since > 0 && this.journal[since - 1]?.tag !== tag)) {
      throw new HoldfastError("reset", "The journal is another one.", { body: { reason: "epoch" } });
    }
    const entries = this.journal.slice(since, since + pageSize);
    const changes = entries.map((entry) => this.#changeOf(entry));
    const end = since + entries.length;
    return { changes, next_token: this.#tokenAt(end), has_more: end < this.seq, epoch: this.epoch };
  }

  snapshot(cursor: string | undefined): Awaited<ReturnType<Server["snapshot"]>> {
    const [after = "", token = this.#tokenAt(this.seq)] = cursor?.split("#") ?? [];
    const live = [...this.nodes.values()].filter(({ id }) => id > after && isLiveNode(this.nodes, id));
    live.sort((one, other) => (one.id < other.id ? -1 : 1));
    const page = live.slice(0, pageSize);
    const next = live.length > pageSize ? `${page.at(-1)?.id}#${token}` : null;
    return { items: page.map((node) => toJson(this.nodes, node)), next_cursor: next, token, epoch: this.epoch };
  }

  queryNodes(ids: readonly NodeId[]): Awaited<ReturnType<Server["queryNodes"]>> {
    return ids.map((id) => {
      const standing = isLiveNode(this.nodes, id) ? "live" : "trashed";
      return { id, state: this.nodes.has(id) ? standing : "gone" };
    });
  }

  listBelow(id: NodeId): Awaited<ReturnType<Server["listBelow"]>> {
    if (!isLiveNode(this.nodes, id)) throw new HoldfastError("not_found", "There is no such folder.");
    return liveBelow(this.nodes, id).map((node) => toJson(this.nodes, node));
  }

  manifests(wanted: readonly WantedManifest[]): Awaited<ReturnType<Server["manifests"]>> {
    return new Map(
      wanted.flatMap(({ versionId }) => {
        const entries = this.versions.get(versionId);
        return entries === undefined ? [] : [[versionId, entries] as const];
      }),
    );
  }

  missingBlocks(hashes: readonly HashHex[]): Set<HashHex> {
    return new Set(hashes.filter((hash) => !this.blocks.has(hash)));
  }

  /** A patch that gives something else is refused, and the whole block comes: adapters do both in one call. */
  putBlocks(blocks: readonly OutgoingBlock[]): void {
    for (const { hash, bytes, patch } of blocks) {
      const base = patch === undefined ? undefined : this.blocks.get(patch.base);
      const patched = patch === undefined || base === undefined ? undefined : decodeSmallPatch(base, patch.payload);
      const isTrue = patched !== undefined && sha256(patched) === hash;
      if (isTrue) this.savings.patches += 1;
      if (!isTrue && sha256(bytes) !== hash) throw new HoldfastError("hash_mismatch", "These bytes have another hash.");
      this.blocks.set(hash, isTrue ? patched : bytes.slice());
    }
  }

  readBlock({ hash, versionId }: WantedBlock): Uint8Array {
    const bytes = this.blocks.get(hash);
    const isPart = this.versions.get(versionId)?.some((entry) => entry.hash === hash) === true;
    if (bytes !== undefined && isPart) return bytes;
    throw new HoldfastError("not_found", "There is no such block.", { body: { hash } });
  }

  commit(
    device: string,
    epoch: string,
    operations: readonly BatchOperationInput[],
    blocks: readonly OutgoingBlock[],
  ): Awaited<ReturnType<Server["commit"]>> {
    if (epoch !== this.epoch) throw new HoldfastError("reset", "Another epoch.", { body: { reason: "epoch" } });
    this.putBlocks(blocks);
    const before = this.seq;
    const results: BatchResult[] = [];
    this.failedIds.clear();
    for (let start = 0; start < operations.length;) {
      const group = operations[start]?.group;
      const rest = operations.findIndex(
        (each, index) => index > start && (group === undefined || each.group !== group),
      );
      const end = rest === -1 ? operations.length : rest;
      const unit = operations.slice(start, end);
      const outcomes = this.#applyUnit(device, unit);
      for (const [index, each] of unit.entries()) {
        if ("id" in each && each.id !== undefined && outcomes[index]?.status !== "committed")
          this.failedIds.add(each.id);
      }
      results.push(...outcomes);
      start = end;
    }
    if (this.seq !== before) this.#announce();
    return { results, seq: this.seq };
  }

  /** Resolves with the next change after a token, at once if there was one. */
  waitBeyond(sinceToken: string): Promise<void> {
    if (sinceToken !== this.#tokenAt(this.seq)) return Promise.resolve();
    return new Promise((resolve) => this.#wakers.push(resolve));
  }

  backUp(): Backup {
    return { nodes: new Map(this.nodes), journal: [...this.journal], operations: new Map(this.#operations) };
  }

  /** Everything since the backup is forgotten, and the epoch says so. */
  restore(backup: Backup): void {
    this.nodes = new Map(backup.nodes);
    this.journal = [...backup.journal];
    this.#operations.clear();
    for (const [id, result] of backup.operations) this.#operations.set(id, result);
    this.epoch = this.fresh("epoch ");
    this.#announce();
  }

  record(device: string, node: ModelNode, kind: JournalEntry["kind"]): void {
    this.journal.push({ seq: this.seq + 1, kind, id: node.id, device, tag: this.fresh("tag") });
    this.nodes.set(node.id, { ...node, seq: this.seq, revision: this.fresh("r") });
  }

  addVersion(operation: BatchOperationInput & { op: "put" }): {
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
    const versionId = this.fresh("v");
    this.versions.set(versionId, entries);
    this.contents.add(contentId);
    return { versionId, contentId, sizeBytes: entries.reduce((sum, { size }) => sum + size, 0) };
  }

  #entriesOf({ base_version, blocks, splices }: BatchOperationInput & { op: "put" }): readonly ManifestEntry[] {
    if (splices === undefined) return asEntries(blocks ?? []);
    const base = this.versions.get(String(base_version));
    if (base === undefined) return refuse("conflict", "The base version of the splices is not the newest one.");
    this.savings.splices += 1;
    return applySplices(
      base,
      splices.map((each) => ({ ...each, insert: asEntries(each.insert) })),
    );
  }

  #applyUnit(device: string, unit: readonly BatchOperationInput[]): BatchResult[] {
    const done = unit.map((operation) => this.#repeated(operation));
    if (done.every((result) => result !== undefined)) return done;
    const missing = unit.map((operation) => this.#missingOf(operation));
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
        applyOperation(this, device, operation, unit.length > 1);
        current += 1;
      }
      current = contestedName(this.nodes, unit);
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
    return unit.map((operation) => {
      const node = this.nodes.get(nodeIdOf(operation) ?? "");
      const { operation_id } = operation;
      const result: BatchResult = { operation_id, status: "committed", node: node && toJson(this.nodes, node) };
      this.#operations.set(operation_id, { request: JSON.stringify(operation), result });
      return result;
    });
  }

  #repeated(operation: BatchOperationInput): BatchResult | undefined {
    const answered = this.#operations.get(operation.operation_id);
    if (answered === undefined || answered.request === JSON.stringify(operation)) return answered?.result;
    return { operation_id: operation.operation_id, status: "error", code: "operation_reused" };
  }

  #missingOf(operation: BatchOperationInput): HashHex[] {
    if (operation.op !== "put") return [];
    const entries = [...(operation.blocks ?? []), ...(operation.splices ?? []).flatMap(({ insert }) => insert)];
    return [...this.missingBlocks(asEntries(entries).map(({ hash }) => hash))];
  }

  #changeOf({ seq, kind, id }: JournalEntry): ChangeJson {
    const node = this.nodes.get(id);
    if (kind === "gone" || node === undefined || !isLiveNode(this.nodes, id)) return { seq, kind: "gone", id };
    return { seq, kind, id, node: toJson(this.nodes, node) };
  }

  #tokenAt(seq: number): string {
    return `${this.epoch}|${seq}|${this.journal[seq - 1]?.tag ?? ""}`;
  }

  #announce(): void {
    this.onCommit();
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}

const dependency = { status: "error" as const, code: "dependency" };

function asEntries(entries: readonly { readonly hash: string; readonly size: number }[]): ManifestEntry[] {
  return entries.map(({ hash, size }) => ({ hash: hash as HashHex, size }));
}
