import { createHmac } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Random } from "@holdfast/core/clock";
import { deriveKey, onlyNonce, openSealed, seal } from "../../packs/format/seal.ts";

export interface ThumbCacheOptions {
  /** Used only by this server; its content may be deleted at any time. */
  readonly folder: string;
  /** 32 bytes. */
  readonly key: Buffer;
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Must change when thumbnails of the same pictures would change; old ones expire. */
const cacheVersion = 2;
const saltBytes = 16;
/** Minimum size of a file on disk. */
const diskBlockBytes = 4096;
const dayMs = 86_400_000;
const foldersCount = 256;

/**
 * Encrypted thumbnails on the server's disk under opaque names. The size limit applies to each of 256 folders, which
 * fill evenly because names are hashes, so only 256 numbers are in memory.
 */
export class ThumbCache {
  readonly #options: ThumbCacheOptions;
  readonly #bytes = new Map<string, number>();

  constructor(options: ThumbCacheOptions) {
    this.#options = options;
  }

  /** @returns undefined for a missing or changed file */
  async read(label: string): Promise<Buffer | undefined> {
    const { path, name } = this.#placeOf(label);
    try {
      const sealed = await readFile(path);
      const opened = openSealed(this.#keyOf(sealed), onlyNonce, Buffer.from(name), sealed.subarray(saltBytes));
      if (opened === undefined) return undefined;
      await this.#touch(path);
      return Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
    } catch {
      return undefined;
    }
  }

  /** @throws the system's error, such as a full disk */
  async write(label: string, bytes: Uint8Array): Promise<void> {
    const { folder, path, name } = this.#placeOf(label);
    const salt = this.#options.random(saltBytes);
    const sealed = Buffer.concat([salt, seal(this.#keyOf(salt), onlyNonce, Buffer.from(name), bytes)]);
    const sizeBytes = onDisk(sealed.length);
    if (sizeBytes > this.#folderBytesMax) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const used = this.#bytes.get(folder) ?? (await this.#sum(folder));
    const half = `${path}.${Buffer.from(this.#options.random(6)).toString("hex")}.new`;
    await writeFile(half, sealed, { mode: 0o600 });
    await rename(half, path);
    this.#bytes.set(folder, (this.#bytes.get(folder) ?? used) + sizeBytes);
    if ((this.#bytes.get(folder) ?? 0) > this.#folderBytesMax) await this.#trim(folder);
  }

  /** Deletes everything. Thumbnails are created again on demand. */
  async clear(): Promise<void> {
    for (const name of await readdir(this.#options.folder))
      await rm(join(this.#options.folder, name), { recursive: true, force: true });
    this.#bytes.clear();
  }

  get #folderBytesMax(): number {
    return this.#options.bytesMax / foldersCount;
  }

  #placeOf(label: string) {
    const name = createHmac("sha256", this.#options.key).update(`thumb ${cacheVersion} ${label}`).digest("hex");
    const folder = join(this.#options.folder, name.slice(0, 2));
    return { name, folder, path: join(folder, name) };
  }

  #keyOf(sealed: Uint8Array): Uint8Array {
    return deriveKey(this.#options.key, sealed.subarray(0, saltBytes), "thumb");
  }

  /** Updates the time of use at most daily. */
  async #touch(path: string): Promise<void> {
    const now = this.#options.clock.nowMs();
    try {
      const { mtimeMs } = await stat(path);
      if (now - mtimeMs > dayMs) await utimes(path, now / 1000, now / 1000);
    } catch {
      // Another request deleted the file.
    }
  }

  async #sum(folder: string): Promise<number> {
    const files = await listFiles(folder);
    return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Trims to 80 %, so that not every new thumbnail causes a scan. */
  async #trim(folder: string): Promise<void> {
    const files = (await listFiles(folder)).toSorted((left, right) => left.usedMs - right.usedMs);
    let left = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { path, sizeBytes } of files) {
      if (left <= this.#folderBytesMax * 0.8) break;
      await unlink(path).catch(() => {});
      left -= sizeBytes;
    }
    this.#bytes.set(folder, left);
  }
}

interface CachedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

async function listFiles(folder: string): Promise<CachedFile[]> {
  const files: CachedFile[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts !== undefined) files.push({ path, sizeBytes: onDisk(facts.size), usedMs: facts.mtimeMs });
  }
  return files;
}

function onDisk(sizeBytes: number): number {
  return Math.ceil(sizeBytes / diskBlockBytes) * diskBlockBytes;
}
