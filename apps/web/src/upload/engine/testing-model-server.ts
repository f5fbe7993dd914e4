import { HoldfastError } from "@holdfast/core/errors";
import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { NodeJson } from "@holdfast/protocol/values";
import { readFrames } from "@holdfast/protocol/frames";
import type { BatchResult, UploadServer } from "./upload-server.ts";

export interface ModelNode {
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: "file" | "folder";
  /** Oldest first. */
  readonly versions: string[];
}

type Put = BatchOperationInput & { op: "put" };
type Place = { readonly parent_id?: string | undefined; readonly name?: string | undefined };

/** Server in memory, as strict about uploads as the real one. */
export class ModelServer implements UploadServer {
  readonly nodes = new Map<string, ModelNode>();
  readonly blocks = new Set<string>();
  readonly #done = new Map<string, { readonly request: string; readonly node: ModelNode }>();

  constructor(rootId: string) {
    this.nodes.set(rootId, { id: rootId, parentId: "", name: "", kind: "folder", versions: [] });
  }

  missingBlocks(_: string, hashes: readonly string[]): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(hashes.filter((hash) => !this.blocks.has(hash))));
  }

  async putBlocks(_: string, frames: Blob): Promise<void> {
    const bytes = new Uint8Array(await frames.arrayBuffer());
    const body = (async function* () {
      yield await Promise.resolve(bytes);
    })();
    for await (const some of readFrames(body)) for (const { hash } of some) this.blocks.add(hash);
  }

  async commit(operations: readonly BatchOperationInput[], frames: Blob | undefined): Promise<BatchResult[]> {
    if (frames !== undefined) await this.putBlocks("", frames);
    const failed = new Set<string>();
    return operations.map((operation) => {
      const { operation_id: id } = operation;
      const request = JSON.stringify(operation);
      const before = this.#done.get(id);
      if (before !== undefined && before.request !== request) return refused(id, "error", "operation_reused");
      const result = before === undefined ? this.#apply(operation, failed) : before.node;
      if (!("versions" in result)) {
        if (operation.op === "mkdir" && operation.id !== undefined) failed.add(operation.id);
        return { ...result, operation_id: id };
      }
      this.#done.set(id, { request, node: result });
      return { operation_id: id, status: "committed", node: shown(result) };
    });
  }

  childNamed(parentId: string, name: string): ModelNode | undefined {
    return [...this.nodes.values()].find((node) => node.parentId === parentId && node.name === name);
  }

  #apply(operation: BatchOperationInput, failed: ReadonlySet<string>): ModelNode | BatchResult {
    if (operation.op === "mkdir") return this.#create(operation, { operation, kind: "folder", versions: [] }, failed);
    if (operation.op !== "put") throw new HoldfastError("internal", `The model knows no ${operation.op}.`);
    const missing = (operation.blocks ?? []).filter(({ hash }) => !this.blocks.has(hash));
    if (missing.length > 0) return refused("", "missing");
    const content = operation.content_id ?? "";
    if (operation.file_id !== undefined) return this.#addVersion(operation, content);
    return this.#create(operation, { operation, kind: "file", versions: [content] }, failed);
  }

  #addVersion({ file_id: id = "", base_version: base }: Put, content: string): ModelNode | BatchResult {
    const node = this.nodes.get(id);
    if (node === undefined) return refused("", "error", "not_found");
    if (versionOf(node) !== base) return refused("", "conflict", "conflict", node);
    if (node.versions.at(-1) !== content) node.versions.push(content);
    return node;
  }

  #create(
    { parent_id: parentId = "", name = "" }: Place,
    made: Pick<ModelNode, "kind" | "versions"> & { readonly operation: BatchOperationInput },
    failed: ReadonlySet<string>,
  ): ModelNode | BatchResult {
    if (!this.nodes.has(parentId)) return refused("", "error", failed.has(parentId) ? "dependency" : "not_found");
    const { operation, kind, versions } = made;
    const id = "id" in operation ? (operation.id ?? "") : "";
    const taken = this.childNamed(parentId, name);
    if (taken !== undefined && operation.on_conflict !== "rename") return refused("", "conflict", "exists", taken);
    const used = this.nodes.get(id);
    if (used !== undefined) return refused("", "conflict", "exists", used);
    const node = { id, parentId, name: this.#freeName(parentId, name), kind, versions };
    this.nodes.set(id, node);
    return node;
  }

  #freeName(parentId: string, name: string): string {
    let free = name;
    for (let number = 2; this.childNamed(parentId, free) !== undefined; number += 1) {
      free = withSuffix(splitName(name), ` (${number})`);
    }
    return free;
  }
}

function versionOf({ id, versions }: ModelNode): string {
  return `${id}@${versions.length}`;
}

function refused(operationId: string, status: BatchResult["status"], code?: string, node?: ModelNode): BatchResult {
  const more = { ...(code === undefined ? {} : { code }), ...(node === undefined ? {} : { node: shown(node) }) };
  return { operation_id: operationId, status, ...more };
}

function shown(node: ModelNode): NodeJson {
  const { id, name, kind, parentId } = node;
  const isFile = kind === "file";
  const json = {
    id,
    name,
    kind,
    parent_id: parentId,
    version_id: isFile ? versionOf(node) : null,
    content_id: node.versions.at(-1) ?? null,
    trashed_at: null,
  };
  return json as NodeJson;
}
