import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { openHttpTransport } from "@holdfast/api-client/http-transport";
import { type CodecPool, startCodecPool } from "@holdfast/codec/pool";
import { sha256 } from "@holdfast/core/hash";
import { contentIdOf, type ManifestEntry } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import type { OutgoingBlock } from "@holdfast/sync-ports/ports";
import { type CountingProxy, openCountingProxy } from "./counting-proxy.ts";
import { openRemoteSpace, type RemoteSpace, type RemoteSpaceOptions } from "./remote-space.ts";

export function openSpace(
  { url, token, pool }: { readonly url: string; readonly token: string; readonly pool: CodecPool },
  options: Partial<RemoteSpaceOptions> = {},
): Promise<RemoteSpace> {
  return openRemoteSpace({
    transport: openHttpTransport({ server: url, connections: 8 }),
    tokens: fixedToken(token),
    pool,
    clock: { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 },
    random: (lengthBytes) => randomBytes(lengthBytes),
    wait: (delayMs, signal) => wait(delayMs, undefined, signal === undefined ? {} : { signal }),
    ...options,
  });
}

export interface Wire {
  readonly server: RunningServer;
  readonly proxy: CountingProxy;
  readonly pool: CodecPool;
  readonly space: RemoteSpace;
  readonly signIn: (options?: Partial<RemoteSpaceOptions>) => Promise<RemoteSpace>;
  readonly close: () => Promise<void>;
}

export async function openWire(name: string): Promise<Wire> {
  const folder = makeFolder(name);
  const pool = startCodecPool({ threads: 2 });
  const server = await startServer({ dataFolder: `${folder}/data` });
  const proxy = await openCountingProxy(server.port);
  const signIn: Wire["signIn"] = async (options) => {
    const { token = "" } = await Api.signIn(server.url);
    return openSpace({ url: proxy.url, token, pool }, options);
  };
  const space = await signIn();
  const close = async (): Promise<void> => {
    await space.close();
    await proxy.close();
    await pool.close();
    await server.stop();
    removeFolder(folder);
  };
  return { server, proxy, pool, space, signIn, close };
}

export async function counted<Result>(
  proxy: CountingProxy,
  act: () => Promise<Result>,
): Promise<{ result: Result; up: number; down: number }> {
  const [up, down] = [proxy.upBytes, proxy.downBytes];
  const result = await act();
  return { result, up: proxy.upBytes - up, down: proxy.downBytes - down };
}

export function noise(sizeBytes: number, seed: string): Buffer {
  return createHash("shake256", { outputLength: sizeBytes }).update(seed).digest();
}

export function blockOf(bytes: Uint8Array): OutgoingBlock {
  return { hash: sha256(bytes), bytes };
}

export function entryOf({ hash, bytes }: OutgoingBlock): ManifestEntry {
  return { hash, size: bytes.length };
}

export async function epochOf(space: RemoteSpace): Promise<string> {
  return (await space.snapshot(undefined)).epoch;
}

/** Creates a file in the space's root. */
export async function putFile(
  space: RemoteSpace,
  entries: readonly ManifestEntry[],
  blocks: readonly OutgoingBlock[] = [],
): Promise<NodeJson> {
  const size = entries.reduce((sum, each) => sum + each.size, 0);
  const operation = {
    op: "put" as const,
    operation_id: randomBytes(16).toString("hex"),
    id: space.makeNodeId(),
    parent_id: space.rootId,
    name: randomBytes(8).toString("hex"),
    size,
    content_id: contentIdOf(entries),
    blocks: [...entries],
  };
  const [result] = (await space.commit(await epochOf(space), [operation], blocks)).results;
  assert.equal(result?.status, "committed", JSON.stringify(result));
  assert.ok(result.node !== undefined);
  return result.node;
}
