import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { openBlockWorld, startTestPool } from "../../packs/testing.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { parseContentRange } from "./content-range.ts";
import { makeTestSpace, TestClock, type TestSpace, type TestSpaceOptions } from "../../tree/testing/testing.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { findVersion, readManifest } from "../../tree/content/manifests.ts";
import type { Committed } from "./finish-upload.ts";
import { openUploads, type Uploads } from "./uploads.ts";
import type { UploadsOptions } from "./uploads-ports.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

/** Real PostgreSQL, blocks, commits and uploads, with a store in memory. */
export interface UploadWorld {
  readonly databases: TestDatabases;
  readonly store: ObjectStore;
  readonly clock: TestClock;
  readonly blocks: BlockService;
  readonly pool: BlockPool;
  space(quotaBytes?: number, options?: TestSpaceOptions): Promise<TestSpace>;
  /** Simulates another process on the same data, which shares no memory with others. */
  instance(space: TestSpace, options?: Partial<UploadsOptions>): Uploads;
  stop(): Promise<void>;
}

export async function startUploadWorld(): Promise<UploadWorld> {
  const databases = await startTestDatabases({ fsync: false });
  const pool = startTestPool();
  const clock = new TestClock();
  const store = makeMemoryStore({ nowMs: () => clock.nowMs() });
  const { service: blocks } = await openBlockWorld(pool, { databases, store, clock });
  return {
    databases,
    store,
    clock,
    blocks,
    pool,
    space: (quotaBytes, options) =>
      makeTestSpace(databases.shards, { clock, quotaBytes: quotaBytes ?? null, ...options }),
    instance: ({ committer }, options = {}) =>
      openUploads({
        shards: databases.shards,
        blocks,
        codec: pool,
        committer,
        clock,
        random: randomBytes,
        lifetimeMs: retentionUsual.sessionsMs,
        ...options,
      }),
    stop: async () => {
      await blocks.close();
      await pool.close();
      await databases.stop();
    },
  };
}

export function bytesOf(seed: string, sizeBytes: number): Buffer {
  const pieces: Buffer[] = [];
  let state = createHash("sha256").update(seed).digest();
  for (let at = 0; at < sizeBytes; at += 32 * 1024) {
    state = createHash("sha256").update(state).digest();
    const piece = Buffer.alloc(32 * 1024);
    let word = state.readUInt32LE(0) | 1;
    for (let index = 0; index < piece.length; index += 4) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      piece.writeInt32LE(word, index);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).subarray(0, sizeBytes);
}

export function contentIdOfBytes(bytes: Uint8Array): HashHex {
  const { blocks } = cutBlocks(bytes, true);
  return contentIdOf(blocks.map(({ start, end }) => ({ hash: sha256(bytes.subarray(start, end)), size: end - start })));
}

export function bodyOf(bytes: Uint8Array, sliceBytes = 64 * 1024): Readable {
  const slices: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += sliceBytes) slices.push(bytes.subarray(at, at + sliceBytes));
  return Readable.from(slices);
}

export function startOf(
  name: string,
  more: Partial<Parameters<Uploads["start"]>[1]["request"]> = {},
  sizeBytes?: number,
) {
  return {
    request: { place: { parentId: "root", name }, attributes: {}, ...more },
    sizeBytes: sizeBytes ?? null,
    key: {},
  };
}

export function put(
  uploads: Uploads,
  space: TestSpace,
  id: string,
  range: string | undefined,
  body: Uint8Array | Readable = new Uint8Array(0),
): Promise<Committed | { readonly durable: number }> {
  const isStream = body instanceof Readable;
  const ask = {
    range: range === undefined ? undefined : parseContentRange(range),
    contentLengthBytes: isStream ? undefined : body.length,
  };
  return uploads.put(space.caller, id, ask, isStream ? body : bodyOf(body));
}

export function putPart(
  uploads: Uploads,
  space: TestSpace,
  id: string,
  { bytes, start, end, total }: { bytes: Uint8Array; start: number; end: number; total: number | "*" },
): Promise<Committed | { readonly durable: number }> {
  return put(uploads, space, id, `bytes ${start}-${end - 1}/${total}`, bytes.subarray(start, end));
}

export async function readFile({ databases, blocks }: UploadWorld, space: TestSpace, nodeId: string): Promise<Buffer> {
  const { row } = await findNode(databases.shards, space.caller, nodeId);
  const version = await findVersion(databases.shards, row, undefined);
  const entries = await readManifest(databases.shards.ofId(row.space_id), version);
  const pieces: Uint8Array[] = [];
  for await (const piece of blocks.readRange(row.space_id, entries, 0, version.size)) pieces.push(piece);
  return Buffer.concat(pieces);
}

export async function countRows(space: TestSpace) {
  const { rows } = await sql<{ refs: number; sessions: number; blocks: number; tails: number }>`
    select (select coalesce(sum(refs), 0) from shard.space_blocks where space_id = ${space.caller.spaceId}) as refs,
      (select count(*) from shard.upload_sessions where space_id = ${space.caller.spaceId}) as sessions,
      (select count(*) from shard.upload_blocks where space_id = ${space.caller.spaceId}) as blocks,
      (select count(*) from shard.upload_tail where space_id = ${space.caller.spaceId}) as tails`.execute(space.db);
  return rows[0]!;
}

export async function refusalOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await work;
  } catch (error) {
    const { code, field, body } = error as { code: string; field?: string; body?: Record<string, unknown> };
    return { code, ...(field === undefined ? {} : { field }), ...body };
  }
  throw new Error("it was not refused");
}
