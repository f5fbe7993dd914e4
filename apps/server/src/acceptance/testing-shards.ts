import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { testShards } from "@holdfast/tools/tiers";
import { evenPlaces, shardNames } from "../base/db/testing.ts";

/** Databases for a server's shards after the first, which is in its default database. */
export interface OtherShards {
  readonly topology: string;
  readonly urls: readonly string[];
}

let provider: Provider | undefined;

/** They last as long as this process. */
export async function makeOtherShards(): Promise<OtherShards> {
  const shards = shardNames(testShards);
  provider ??= new Provider();
  const urls: string[] = [];
  while (urls.length < shards.length - 1) urls.push(await provider.next());
  // Not a standby, so the primary answers, over connections that reject changes.
  const places = evenPlaces(shards, [undefined, ...urls]).map(({ id, buckets, database_url: url }) => ({
    id,
    buckets,
    database_url: url,
    replica_urls: url === undefined ? [] : [url],
  }));
  return { topology: JSON.stringify({ shards: places, cells: evenPlaces(["main"]) }), urls };
}

/** A separate process, which ends with this one, because a database of this process would keep it running. */
class Provider {
  readonly #child: ChildProcess;
  readonly #urls: AsyncIterator<string>;

  constructor() {
    const script = fileURLToPath(new URL("../base/db/testing-shard-process.ts", import.meta.url));
    const env = { ...process.env, HOLDFAST_TEST_SHARDS: "1" };
    this.#child = spawn(process.execPath, [script], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#urls = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
    (this.#child.stdout as Socket).unref();
  }

  async next(): Promise<string> {
    const output = this.#child.stdout as Socket;
    output.ref();
    this.#child.stdin?.write("\n");
    const { value: url, done } = await this.#urls.next();
    output.unref();
    if (done === true) throw new Error("The process that creates databases for shards ended.");
    return url;
  }
}
