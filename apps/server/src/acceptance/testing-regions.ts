import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type FailoverPair, startFailoverPair } from "../base/db/replicas/testing-standby.ts";
import { administrator, Api, holdfast, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** The accounts and the block index in two databases, each with a server in the east and one in the west, like the stores. */
export class Regions {
  readonly folder = makeFolder("regions");
  readonly east = join(this.folder, "east");
  readonly west = join(this.folder, "west");
  readonly device = join(this.folder, "device");
  pairs: readonly FailoverPair[] = [];
  server!: RunningServer;
  api!: Api;
  #settings: Readonly<Record<string, string>> = {};

  /** @param role role of the database URLs, with its password; undefined: the superuser */
  settings(role?: string): Record<string, string> {
    const urls = this.pairs.map(({ url }) => (role === undefined ? url : url.replace(/\/\/[^@]*@/, `//${role}@`)));
    const serversOf = (kind: "primary" | "standby") =>
      this.pairs.map((pair) => `${pair[kind].address.host}:${pair[kind].address.port}`);
    const buckets = [[0, 4095]];
    const topology = {
      shards: [{ id: "main", buckets, database_url: urls[0] }],
      cells: [{ id: "main", buckets, database_url: urls[1], store: this.east, second_store: this.west }],
      regions: { east: serversOf("primary"), west: serversOf("standby") },
    };
    return { ...this.#settings, HOLDFAST_DATABASE_URL: urls[0] ?? "", HOLDFAST_TOPOLOGY: JSON.stringify(topology) };
  }

  async start(): Promise<void> {
    this.pairs = await Promise.all([1, 2].map(() => startFailoverPair({ isSynchronous: false })));
    mkdirSync(this.device);
    this.#settings = {
      HOLDFAST_DATA: join(this.folder, "data"),
      HOLDFAST_STORE_POLICY: "one",
      HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      HOLDFAST_STANDBY_READS: "1h",
    };
    this.server = await startServer({ dataFolder: join(this.folder, "data"), env: this.settings() });
    this.api = await Api.signIn(this.server.url);
    const { email, password } = administrator;
    const login = ["login", this.server.url, "--email", email, "--password-stdin"];
    assert.equal((await this.command(login, { input: `${password}\n` })).code, 0);
  }

  command(args: readonly string[], { input, role }: { readonly input?: string; readonly role?: string } = {}) {
    const home = { HOME: this.folder, XDG_CONFIG_HOME: join(this.folder, "config") };
    return holdfast(args, {
      env: { ...home, ...this.settings(role) },
      ...(input === undefined ? {} : { input }),
    });
  }

  objectsIn(region: string): number {
    return readdirSync(region, { recursive: true }).length;
  }

  /** Databases and store of the east. */
  async loseEast(): Promise<void> {
    await Promise.all(this.pairs.map(({ primary }) => primary.kill()));
    renameSync(this.east, `${this.east} lost`);
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    for (const pair of this.pairs) await pair.stop();
    removeFolder(this.folder);
  }
}
