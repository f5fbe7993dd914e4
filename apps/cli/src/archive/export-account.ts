import { randomBytes } from "node:crypto";
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { DiskFile } from "@holdfast/disk/disk";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { moveDurably } from "@holdfast/disk/write-durably";
import type { TransferCounts } from "../output/progress.ts";
import { type VerifiedArchive, verifyArchive } from "./verify-archive.ts";

export interface ExportOptions {
  readonly client: ApiClient;
  readonly counts: TransferCounts;
  readonly withVersions: boolean;
}

const partSuffix = ".holdfast-part-";
/** A running export writes to its file more often than this. */
const leftoverAgeMs = 3600_000;

/** Downloads to a temporary file beside `path`, renamed when complete. */
export class ArchiveFile {
  readonly #path: string;
  readonly #part: string;
  readonly #overwrites: boolean;

  constructor(path: string, overwrites: boolean) {
    this.#path = resolve(path);
    this.#part = `${this.#path}${partSuffix}${randomBytes(6).toString("hex")}`;
    this.#overwrites = overwrites;
  }

  /** @returns paths of temporary files that another export may still write */
  removeLeftovers(): string[] {
    const folder = dirname(this.#path);
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const left: string[] = [];
    for (const name of names.filter((each) => each.startsWith(`${basename(this.#path)}${partSuffix}`))) {
      const path = join(folder, name);
      const { mtimeMs = 0 } = lstatSync(path, { throwIfNoEntry: false }) ?? {};
      if (Date.now() - mtimeMs > leftoverAgeMs) rmSync(path, { force: true });
      else left.push(path);
    }
    return left;
  }

  clear(): void {
    rmSync(this.#part, { force: true });
  }

  /** @throws HoldfastError exists, conflict, not_found, store_full; unreachable if the connection ends early */
  async fetch(options: ExportOptions): Promise<VerifiedArchive> {
    this.#assertFree();
    // An archive contains all data of an account, so only its owner may read it.
    const file = await nodeDisk.createFile(this.#part, { mode: 0o600 });
    try {
      const verified = await receive(file, options);
      this.#assertFree();
      await moveDurably(nodeDisk, this.#part, this.#path);
      return verified;
    } catch (thrown) {
      this.clear();
      throw thrown;
    }
  }

  #assertFree(): void {
    const folder = dirname(this.#path);
    if (!existsSync(folder)) throw new HoldfastError("not_found", `${folder} does not exist. Create it first.`);
    const there = lstatSync(this.#path, { throwIfNoEntry: false });
    if (there === undefined) return;
    if (!there.isFile()) throw new HoldfastError("conflict", `${this.#path} already exists and is not a file.`);
    if (!this.#overwrites)
      throw new HoldfastError("exists", `${this.#path} already exists. Choose another name, or use --overwrite.`);
  }
}

async function receive(file: DiskFile, options: ExportOptions): Promise<VerifiedArchive> {
  try {
    const verified = await streamArchive(options, (bytes) => file.write(bytes));
    await file.datasync();
    return verified;
  } finally {
    await file.close();
  }
}

/**
 * Verifies the archive at the end.
 * @throws HoldfastError unreachable if the connection ends early
 */
export async function streamArchive(
  { client, counts, withVersions }: ExportOptions,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<VerifiedArchive> {
  counts.fileCostBytes = fileCostBytes;
  const { body } = await client.open("exportAccount", {
    query: withVersions ? {} : { versions: "false" },
    asksOnce: true,
  });
  return verifyArchive(written(body, write), {
    onHead: ({ entries, bytes }) =>
      Object.assign(counts, { filesTotal: entries, bytesTotal: bytes, totalIsFinal: true }),
    onEntry: ({ path }) => void (counts.filesDone += isContent(path) ? 1 : 0),
    onBytes: (count) => void (counts.bytesDone = Math.min(counts.bytesDone + count, counts.bytesTotal)),
  });
}

/** Cost of one file: the server sends some hundred small files or some ten MiB per second. */
const fileCostBytes = 128 * 1024;

function isContent(path: string): boolean {
  return path.startsWith("files") || path.startsWith("versions/");
}

async function* written(
  body: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of body) {
    await write(piece);
    yield piece;
  }
}
