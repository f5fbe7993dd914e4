import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { after } from "node:test";
import type { CopiesJson } from "@holdfast/protocol/admin-routes";
import { filesBelow } from "./files-below.ts";
import { assertCommitted, putBatch } from "./batches.ts";
import {
  Api,
  type CommandResult,
  eventually,
  holdfast,
  makeFolder,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

export class TwoStoreScene {
  readonly folder = makeFolder("two-stores");
  readonly files = new Map<string, Buffer<ArrayBuffer>>();
  readonly data = join(this.folder, "data");
  readonly stores = [join(this.folder, "one"), join(this.folder, "two")] as const;
  #server: ServerProcess | undefined;
  #api: Api | undefined;

  get server(): ServerProcess {
    return this.#server ?? assert.fail("the server does not run");
  }

  get api(): Api {
    return this.#api ?? assert.fail("nobody is signed in");
  }

  async start({
    policy = "both",
    stores = this.stores,
    env = {},
  }: { policy?: string; stores?: readonly string[]; env?: Record<string, string> } = {}): Promise<void> {
    const [first, second] = stores;
    const args = ["--store", first ?? "", ...(second === undefined ? [] : ["--second-store", second])];
    this.#server = await spawnServer({
      dataFolder: this.data,
      args,
      env: { ...still, HOLDFAST_STORE_POLICY: policy, ...env },
      ...(this.#server === undefined ? {} : { port: this.#server.port }),
    });
    this.#api = await Api.signIn(this.#server.url);
  }

  async close(): Promise<void> {
    await this.#server?.stop();
    removeFolder(this.folder);
  }

  /** Each in a separate pack. */
  async putFiles(count: number, sizeBytes = 4000): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const path = `/file ${this.files.size}`;
      const content = randomBytes(sizeBytes);
      assertCommitted(await putBatch(this.api, [{ path, blocks: [content] }]));
      this.files.set(path, content);
    }
  }

  async assertAllRead(): Promise<void> {
    for (const [path, content] of this.files) {
      const { status, body } = await this.api.download(path);
      assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
      assert.deepEqual(body, content, path);
    }
  }

  /** Makes every access fail until `bringBack`, like a broken disk. A missing folder would be refilled after a while. */
  takeAway(store: string): void {
    renameSync(store, `${store}.away`);
    symlinkSync(store, store);
  }

  bringBack(store: string): void {
    unlinkSync(store);
    renameSync(`${store}.away`, store);
  }

  async copies(): Promise<CopiesJson["copies"]> {
    return (await this.api.call("GET", "/admin/copies")).body.copies;
  }

  /** Nothing is written meanwhile. */
  async equalAgain(timeoutMs = 180_000): Promise<void> {
    await this.caughtUp(timeoutMs);
    this.assertEqual();
  }

  /** Waits for a moment when neither store lacks anything. */
  async caughtUp(timeoutMs = 180_000): Promise<void> {
    await eventually("both stores are equal", timeoutMs, async () => {
      const copies = await this.copies();
      return copies.length === 2 && copies.every(({ state }) => state === "ok") ? true : undefined;
    });
  }

  assertEqual(): void {
    const [one, two] = this.stores.map(objectsIn);
    assert.deepEqual([...(one?.keys() ?? [])], [...(two?.keys() ?? [])]);
    for (const [name, bytes] of one ?? []) assert.ok(two?.get(name)?.equals(bytes), `${name} differs`);
  }

  async scrub() {
    assert.equal((await this.api.call("POST", "/admin/scrub")).status, 202);
    return eventually("the scrub ends", 180_000, async () => {
      const { body } = await this.api.call("GET", "/admin/scrub");
      return body.state === "running" ? undefined : body;
    });
  }

  /** Acts as an administrator on the data's machine. */
  admin(...args: string[]): Promise<CommandResult> {
    const [first, second] = this.stores;
    const env = { HOLDFAST_STORE: first, HOLDFAST_SECOND_STORE: second };
    return holdfast(["admin", ...args, "--json", "--data", this.data], { env });
  }

  async verify(): Promise<{ code: number | null; copies: CopiesJson["copies"] }> {
    const { code, stdout, stderr } = await this.admin("copies", "verify");
    assert.notEqual(stdout, "", stderr);
    return { code, copies: JSON.parse(stdout).copies };
  }

  logLines(message: string) {
    const lines = readFileSync(this.server.logFile, "utf8").split("\n");
    return lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line))
      .filter((line) => line.message === message);
  }
}

/** No writes during the comparison of the stores. */
export const still = { HOLDFAST_SNAPSHOT_INTERVAL: "off" };

export function objectsIn(store: string): Map<string, Buffer> {
  const root = join(store, "objects");
  return new Map(
    filesBelow(root)
      .toSorted()
      .map((path) => [relative(root, path), readFileSync(path)]),
  );
}

export function withScene(body: (scene: TwoStoreScene) => void): () => void {
  return () => {
    const scene = new TwoStoreScene();
    after(() => scene.close());
    body(scene);
  };
}
