import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { BatchResult, OutgoingBlock, Server } from "./ports.ts";

/** Two devices of one account. */
export interface TestedServer {
  readonly one: Server;
  readonly other: Server;
  readonly rootId: NodeId;
  makeNodeId(): NodeId;
  /** Simulates a restored backup. */
  changeEpoch(): Promise<void>;
}

/** Each check gets its own scene: a new folder, and the journal's head after its creation. */
export type CheckServer = (what: string, body: (scene: Scene) => Promise<void>) => void;

/** @param open called for each check; the server may be the same and have other content */
export function serverChecks(name: string, open: () => Promise<TestedServer>): CheckServer {
  return (what, body) => {
    test(`${name}: ${what}`, async () => body(await Scene.make(await open())));
  };
}

type Operation = BatchOperationInput;
type Draft = Operation extends infer Each ? (Each extends Operation ? Omit<Each, "operation_id"> : never) : never;

export class Scene {
  readonly server: TestedServer;
  readonly one: Server;
  readonly other: Server;
  readonly epoch: string;
  readonly folderId: NodeId;
  token: string;
  seq = 0;

  private constructor(server: TestedServer, epoch: string, token: string) {
    this.server = server;
    this.one = server.one;
    this.other = server.other;
    this.epoch = epoch;
    this.token = token;
    this.folderId = server.makeNodeId();
  }

  static async make(server: TestedServer): Promise<Scene> {
    const { token, epoch } = await server.one.snapshot(undefined);
    const scene = new Scene(server, epoch, token);
    const name = `scene ${randomBytes(6).toString("hex")}`;
    await scene.must({ op: "mkdir", id: scene.folderId, parent_id: server.rootId, name });
    await scene.changes();
    return scene;
  }

  id(): NodeId {
    return this.server.makeNodeId();
  }

  file(...texts: readonly string[]): { size: number; content_id: HashHex; blocks: { hash: HashHex; size: number }[] } {
    const entries = texts.map((text) => ({ hash: sha256(Buffer.from(text)), size: Buffer.byteLength(text) }));
    return {
      size: entries.reduce((sum, { size }) => sum + size, 0),
      content_id: contentIdOf(entries),
      blocks: entries,
    };
  }

  commit(drafts: readonly Draft[], { by = this.one, blocks = [] }: Sending = {}): Promise<readonly BatchResult[]> {
    return this.send(
      drafts.map((draft) => ({ ...draft, operation_id: randomBytes(16).toString("hex") })),
      { by, blocks },
    );
  }

  async send(
    operations: readonly Operation[],
    { by = this.one, blocks = [] }: Sending = {},
  ): Promise<readonly BatchResult[]> {
    const { results, seq } = await by.commit(this.epoch, operations, blocks);
    assert.deepEqual(
      results.map((result) => result.operation_id),
      operations.map((operation) => operation.operation_id),
    );
    this.seq = seq;
    return results;
  }

  /** `committed`, `missing`, or the refusal's code. */
  async outcomes(drafts: readonly Draft[], sending: Sending = {}): Promise<string[]> {
    const results = await this.commit(drafts, sending);
    for (const { status, code } of results) {
      const isConflict = code === "conflict" || code === "exists";
      assert.equal(status === "conflict", isConflict, `${status} ${code}`);
    }
    return results.map(({ status, code }) => code ?? status);
  }

  async must(draft: Draft, sending: Sending = {}): Promise<NodeJson> {
    const [result] = await this.commit([draft], sending);
    assert.equal(result?.status, "committed", JSON.stringify(result));
    assert.ok(result.node !== undefined, "the answer has no node");
    return result.node;
  }

  create(name: string, ...texts: readonly string[]): Promise<NodeJson> {
    const draft = { op: "put" as const, id: this.id(), parent_id: this.folderId, name, ...this.file(...texts) };
    return this.must(draft, { blocks: texts.map(blockOf) });
  }

  makeFolder(name: string, parent: string = this.folderId): Promise<NodeJson> {
    return this.must({ op: "mkdir", id: this.id(), parent_id: parent, name });
  }

  async changes(by: Server = this.other): Promise<ChangeJson[]> {
    const changes: ChangeJson[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await by.listChanges(this.token);
      assert.equal(page.epoch, this.epoch);
      changes.push(...page.changes);
      this.token = page.next_token;
      hasMore = page.has_more;
    }
    return changes;
  }

  async read(node: NodeJson, by: Server = this.other): Promise<string> {
    const versionId = node.version_id ?? "";
    const entries = (await by.manifests([{ versionId }])).get(versionId) ?? [];
    const parts: Uint8Array[] = [];
    for await (const { bytes } of by.fetchBlocks(
      entries.map(({ hash, size }) => ({ hash, sizeBytes: size, versionId })),
    )) {
      parts.push(bytes);
    }
    return Buffer.concat(parts).toString();
  }
}

export interface Sending {
  readonly by?: Server;
  readonly blocks?: readonly OutgoingBlock[];
}

export function blockOf(text: string): OutgoingBlock {
  return { hash: sha256(Buffer.from(text)), bytes: Buffer.from(text) };
}

export async function rejects(
  promise: Promise<unknown>,
  code: string,
  body: Record<string, unknown> = {},
): Promise<void> {
  await assert.rejects(promise, (thrown) => {
    assert.ok(thrown instanceof HoldfastError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    for (const [key, value] of Object.entries(body)) assert.equal(thrown.body[key], value);
    return true;
  });
}
