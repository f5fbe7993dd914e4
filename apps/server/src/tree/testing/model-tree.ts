import type { NodeId } from "@holdfast/core/ids";
import type { Operation } from "../commit/operation.ts";

/** Simple model of the rules of a tree, for comparison in tests. Content is text, and ids are given. */
export interface ModelNode {
  readonly id: string;
  parent: string | null;
  name: string;
  readonly kind: "file" | "folder";
  text: string;
  version: number;
  trashed: boolean;
  revision?: number;
  readonly standsFor?: string | undefined;
}

type Create = {
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  readonly kind: ModelNode["kind"];
  readonly text?: string;
};

class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export class ModelTree {
  readonly rootId: string;
  nodes = new Map<string, ModelNode>();
  failed = new Set<string>();
  #unknown = 0;
  #revisions = 0;

  constructor(rootId: string) {
    this.rootId = rootId;
    this.nodes.set(rootId, {
      id: rootId,
      parent: null,
      name: "",
      kind: "folder",
      text: "",
      version: 0,
      trashed: false,
    });
  }

  startBatch(): void {
    this.failed = new Set();
  }

  apply(operation: Operation, texts: ReadonlyMap<string, string>): string {
    const before = new Map([...this.nodes].map(([id, node]) => [id, { ...node }]));
    try {
      this.#change(operation, texts);
      return "committed";
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.nodes = before;
      if ("id" in operation && operation.id !== undefined) this.failed.add(operation.id);
      return error.code;
    }
  }

  paths(): Map<string, string> {
    const live = [...this.nodes.values()].filter((node) => node.parent !== null && this.#trashedBy(node) === undefined);
    return new Map(live.map((node) => [this.#path(node), node.kind === "folder" ? "/" : node.text]));
  }

  usedBytes(): number {
    return [...this.nodes.values()].reduce((sum, node) => sum + node.text.length, 0);
  }

  #change(operation: Operation, texts: ReadonlyMap<string, string>): void {
    switch (operation.op) {
      case "mkdir": {
        const parent = this.#parent(operation.place.parentId, operation.revive);
        const existing = this.#child(parent.id, operation.place.name ?? "");
        if (operation.onConflict === "replace" && existing?.kind === "folder") return;
        this.#create(operation, {
          id: operation.id ?? "",
          parent: parent.id,
          name: operation.place.name ?? "",
          kind: "folder",
        });
        return;
      }
      case "put":
        this.#put(operation, texts.get(operation.content.blocks?.[0]?.hash ?? "") ?? "");
        return;
      case "move":
        this.#move(operation);
        return;
      case "copy": {
        const source = this.#live(operation.fileId);
        this.#requireHead(source, operation);
        const parent = this.#parent(operation.place.parentId, false);
        const copy = this.#copy(source, "outside the tree", source.name);
        const name = this.#claim(operation, parent, operation.place.name ?? source.name, source.kind);
        this.#placeAt(copy, parent, name);
        return;
      }
      case "delete": {
        if (operation.fileId === this.rootId) throw new Refusal("forbidden");
        const node = this.#live(operation.fileId);
        this.#requireHead(node, operation);
        this.#trash(node);
        return;
      }
      case "restore": {
        const node = this.#find(operation.fileId);
        this.#requireHead(node, operation);
        if (this.#trashedBy(node) === undefined) return;
        const old = this.nodes.get(node.parent ?? "");
        const parent = old === undefined ? this.#find(this.rootId) : this.#liveOrStandIn(old);
        const standIn = node.kind === "folder" ? this.#standIn(node, parent) : undefined;
        const renames = operation.onConflict === "rename";
        const own = (): string =>
          renames ? this.#restoredName(parent.id, node) : this.#claim(operation, parent, node.name, node.kind, node.id);
        this.#placeAt(node, parent, standIn?.name ?? own());
        if (standIn !== undefined) this.#merge(standIn, node);
        return;
      }
      case "purge": {
        const node = this.#find(operation.fileId);
        if (node.id === this.rootId) throw new Refusal("forbidden");
        if (operation.trashedOnly && this.#trashedBy(node) === undefined) throw new Refusal("not_found");
        this.#requireHead(node, operation);
        const gone = [...this.nodes.values()].filter((other) => this.#isBelow(other, node));
        for (const { id } of gone) this.nodes.delete(id);
        return;
      }
      default:
        throw new Error(`the model does not know ${operation.op}`);
    }
  }

  #put(operation: Extract<Operation, { op: "put" }>, text: string): void {
    if (operation.fileId === undefined) {
      const parent = this.#parent(operation.place?.parentId, operation.revive);
      const existing = this.#child(parent.id, operation.place?.name ?? "");
      if (existing?.kind === "file" && operation.onConflict === "replace") return this.#write(existing, text);
      this.#create(operation, {
        id: operation.id ?? "",
        parent: parent.id,
        name: operation.place?.name ?? "",
        kind: "file",
        text,
      });
      return;
    }
    const node = this.#find(operation.fileId);
    if (node.kind !== "file") throw new Refusal("invalid_field");
    const trashed = this.#trashedBy(node) !== undefined;
    if (trashed && operation.revive !== true) throw new Refusal("trashed");
    this.#requireHead(node, operation);
    if (trashed) this.#revive(operation, node, node.name, this.nodes.get(node.parent ?? ""));
    this.#write(node, text);
  }

  #move(operation: Extract<Operation, { op: "move" }>): void {
    const node = this.#find(operation.fileId);
    if (node.id === this.rootId) throw new Refusal("forbidden");
    const trashed = this.#trashedBy(node) !== undefined;
    if (trashed && operation.revive !== true) throw new Refusal("trashed");
    this.#requireHead(node, operation);
    const parent = this.#parent(operation.place.parentId, operation.revive);
    if (this.#isBelow(parent, node)) throw new Refusal("cycle");
    this.#placeAt(node, parent, this.#claim(operation, parent, operation.place.name ?? node.name, node.kind, node.id));
  }

  #requireHead(node: ModelNode, { baseVersion }: { readonly baseVersion?: number | string }): void {
    if (baseVersion === undefined || (node.kind === "file" && node.version === baseVersion)) return;
    throw new Refusal("conflict");
  }

  #revive(operation: Operation, node: ModelNode, name: string, folder: ModelNode | undefined): void {
    const parent = folder === undefined ? this.#find(this.rootId) : this.#liveFolder(folder);
    this.#placeAt(node, parent, this.#claim(operation, parent, name, node.kind, node.id));
  }

  #placeAt(node: ModelNode, parent: ModelNode, name: string): void {
    node.parent = parent.id;
    node.name = name;
    node.trashed = false;
    node.revision = this.#newRevision();
  }

  #trash(node: ModelNode): void {
    node.trashed = true;
    node.revision = this.#newRevision();
  }

  #newRevision(): number {
    this.#revisions += 1;
    return this.#revisions;
  }

  #liveOrStandIn(folder: ModelNode): ModelNode {
    if (this.#trashedBy(folder) === undefined) return folder;
    const above = this.nodes.get(folder.parent ?? "");
    if (above === undefined) return this.#find(this.rootId);
    const parent = this.#liveOrStandIn(above);
    const found = this.#standIn(folder, parent);
    if (found !== undefined) return found;
    const standsFor = `${folder.id} ${folder.revision}`;
    const name = this.#restoredName(parent.id, folder);
    const id = this.#unknownId();
    const made: ModelNode = {
      id,
      parent: parent.id,
      name,
      kind: "folder",
      text: "",
      version: 0,
      trashed: false,
      standsFor,
    };
    this.nodes.set(id, made);
    return made;
  }

  #standIn({ id, revision }: ModelNode, { id: parent }: ModelNode): ModelNode | undefined {
    return [...this.nodes.values()].find(
      (node) => node.standsFor === `${id} ${revision}` && node.parent === parent && this.#trashedBy(node) === undefined,
    );
  }

  #merge(standIn: ModelNode, folder: ModelNode): void {
    const children = [...this.nodes.values()].filter(({ parent }) => parent === standIn.id);
    for (const child of children.filter(({ trashed }) => !trashed)) {
      const inner = this.#child(folder.id, child.name);
      if (inner?.kind === "folder" && this.#standIn(inner, standIn)?.id === child.id) this.#merge(child, inner);
      else this.#placeAt(child, folder, this.#restoredName(folder.id, child));
    }
    const isEmpty = ![...this.nodes.values()].some(({ parent }) => parent === standIn.id);
    if (isEmpty) this.nodes.delete(standIn.id);
    else this.#trash(standIn);
  }

  #restoredName(parent: string, { name, kind, id }: ModelNode): string {
    return this.#child(parent, name, id) === undefined ? name : this.#free(parent, name, kind, "restored");
  }

  #write(node: ModelNode, text: string): void {
    if (node.text !== text) node.version += 1;
    node.text = text;
  }

  #create(operation: Operation, { id, parent, name, kind, text = "" }: Create): void {
    const free = this.#claim(operation, this.#find(parent), name, kind);
    if (this.nodes.has(id)) throw new Refusal("exists");
    this.nodes.set(id, { id, parent, name: free, kind, text, version: 1, trashed: false });
  }

  #copy(source: ModelNode, parent: string, name: string): ModelNode {
    const children = [...this.nodes.values()].filter((node) => node.parent === source.id && !node.trashed);
    const id = this.#unknownId();
    const copy: ModelNode = { ...source, id, parent, name, version: 1, trashed: false, standsFor: undefined };
    for (const child of children) this.#copy(child, copy.id, child.name);
    this.nodes.set(copy.id, copy);
    return copy;
  }

  #claim(operation: Operation, parent: ModelNode, name: string, kind: ModelNode["kind"], except?: string): string {
    const taken = this.#child(parent.id, name, except);
    if (taken === undefined) return name;
    if (operation.onConflict === "rename") return this.#free(parent.id, name, kind);
    if (operation.onConflict !== "replace") throw new Refusal("exists");
    this.#trash(taken);
    return name;
  }

  #free(parent: string, name: string, kind: ModelNode["kind"], word?: string): string {
    const dot = kind === "folder" ? -1 : name.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    for (let number = word === undefined ? 2 : 1; ; number += 1) {
      const label = [word ?? "", number === 1 ? "" : String(number)].filter((part) => part !== "").join(" ");
      if (this.#child(parent, `${stem} (${label})${extension}`) === undefined) return `${stem} (${label})${extension}`;
    }
  }

  #parent(id: string | undefined, revive: boolean | undefined): ModelNode {
    const node = this.#find(id ?? this.rootId);
    if (node.kind !== "folder") throw new Refusal("invalid_field");
    if (this.#trashedBy(node) === undefined) return node;
    if (revive !== true) throw new Refusal("trashed");
    return this.#liveFolder(node);
  }

  #liveFolder(folder: ModelNode): ModelNode {
    if (folder.parent === null) return folder;
    const above = this.nodes.get(folder.parent);
    const parent = above === undefined ? this.#find(this.rootId) : this.#liveFolder(above);
    if (folder.parent === parent.id && !folder.trashed) return folder;
    const existing = this.#child(parent.id, folder.name);
    if (existing?.kind === "folder") return existing;
    const name = existing === undefined ? folder.name : this.#free(parent.id, folder.name, "folder");
    const id = this.#unknownId();
    const made: ModelNode = { ...folder, id, parent: parent.id, name, trashed: false, standsFor: undefined };
    this.nodes.set(made.id, made);
    return made;
  }

  #live(id: string): ModelNode {
    const node = this.#find(id);
    if (this.#trashedBy(node) !== undefined) throw new Refusal("trashed");
    return node;
  }

  #find(id: string): ModelNode {
    const node = this.nodes.get(id);
    if (node !== undefined) return node;
    throw new Refusal(this.failed.has(id) ? "dependency" : "not_found");
  }

  #child(parent: string, name: string, except?: string): ModelNode | undefined {
    return [...this.nodes.values()].find(
      (node) => node.parent === parent && !node.trashed && node.name === name && node.id !== except,
    );
  }

  #trashedBy(node: ModelNode): ModelNode | undefined {
    if (node.trashed) return node;
    const parent = this.nodes.get(node.parent ?? "");
    return parent === undefined ? undefined : this.#trashedBy(parent);
  }

  #isBelow(node: ModelNode, top: ModelNode): boolean {
    if (node.id === top.id) return true;
    const parent = this.nodes.get(node.parent ?? "");
    return parent !== undefined && this.#isBelow(parent, top);
  }

  #path(node: ModelNode): string {
    const parent = this.nodes.get(node.parent ?? "");
    return parent === undefined ? "" : `${this.#path(parent)}/${node.name}`;
  }

  #unknownId(): NodeId {
    this.#unknown += 1;
    return `unknown ${this.#unknown}` as NodeId;
  }
}
