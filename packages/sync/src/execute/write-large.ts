import { zeroBlock } from "@holdfast/codec/zero-block";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { ArrivedBlock, Part, WantedBlock } from "@holdfast/sync-ports/ports";
import type { KnownBlock } from "../state/manifests.ts";
import { type FileDownload, fetchedPart, type FileOperation, localPart, wantedBlock } from "./file-download.ts";
import { createTemporary, piecesOfFetched, piecesOfSource } from "./create.ts";
import { type ExecutionContext, randomName } from "./execution-context.ts";
import { type LocalSources, offsetsOf } from "./sources.ts";
import type { Written } from "./write-small.ts";

/**
 * Part of an interrupted download. Its name has content and node, so that only the same file's next attempt finds it.
 */
const partSuffix = ".part";
const oldSuffix = ".old";
/** After this many wrong local files, the disk is not used as a source. */
const attemptsMax = 3;

export async function writeLarge(
  context: ExecutionContext,
  sources: LocalSources,
  download: FileDownload,
): Promise<Written> {
  try {
    await assemble(context, sources, download);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  return takeAssembled(context, download.operation);
}

/**
 * Writes one large file block by block with bounded memory. After a failure, the written part stays, and the next
 * attempt verifies and reuses it.
 * @param advance called with the size of each block; an error that it throws ends the writing
 * @throws HoldfastError
 */
export async function assemble(
  context: ExecutionContext,
  sources: LocalSources,
  download: FileDownload,
  advance?: (sizeBytes: number) => void,
): Promise<void> {
  const { operation, blocks } = download;
  const part = partOf(operation);
  const old = await takeOld(context, part);
  for (let attempt = 0; ; attempt += 1) {
    const assembly = new Assembly(context, download, { old, usesDisk: attempt < attemptsMax, advance });
    try {
      await createTemporary(context, part, operation, assembly.parts(), assembly.shares);
      // The next attempt verifies the existing part.
      if (assembly.failure !== undefined) throw assembly.failure;
      await context.disk.syncFile(part);
    } catch (error) {
      const untrue = error instanceof HoldfastError && error.code === "hash_mismatch" ? error.body["hash"] : undefined;
      const source = download.sources[blocks.findIndex(({ hash }) => hash === untrue)];
      if (source === undefined || attempt >= attemptsMax) throw error;
      sources.distrust(source.path);
      assembly.dropSources(source.path);
      continue;
    }
    context.state.manifests.keep(operation.remote.content, assembly.known);
    break;
  }
  if (old !== undefined) await context.disk.unlink(old.path);
}

/** Renames an assembled file, so that no other attempt uses it. */
export async function takeAssembled(context: ExecutionContext, operation: FileOperation): Promise<Written> {
  const path = joinPath(ownFolders.temporary, randomName(context));
  try {
    await context.disk.rename(partOf(operation), path);
    return { path };
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

/** The mode belongs to one node, so files with equal content do not share the path. */
export function partOf({ id, remote }: FileOperation): string {
  return joinPath(ownFolders.temporary, `${remote.content}.${id}${partSuffix}`);
}

/** undefined: not a part */
export function ownerOfPart(name: string): { readonly content: string; readonly id: NodeId } | undefined {
  const [, content, id] = /^([^.]+)\.(.+)\.part(?:\.old)?$/s.exec(name) ?? [];
  return content === undefined || id === undefined ? undefined : { content, id: id as NodeId };
}

export async function removePart({ disk }: Pick<ExecutionContext, "disk">, operation: FileOperation): Promise<void> {
  const part = partOf(operation);
  for (const path of [part, `${part}${oldSuffix}`]) if ((await disk.stat(path)) !== undefined) await disk.unlink(path);
}

interface Old {
  readonly path: string;
  readonly sizeBytes: number;
}

async function takeOld({ disk }: ExecutionContext, part: string): Promise<Old | undefined> {
  const path = `${part}${oldSuffix}`;
  const [left, older] = [await disk.stat(part), await disk.stat(path)];
  const [leftBytes, olderBytes] = [left?.fingerprint.sizeBytes ?? -1, older?.fingerprint.sizeBytes ?? -1];
  if (left !== undefined && leftBytes <= olderBytes) await disk.unlink(part);
  if (left !== undefined && leftBytes > olderBytes) {
    if (older !== undefined) await disk.unlink(path);
    await disk.rename(part, path);
  }
  const sizeBytes = Math.max(leftBytes, olderBytes);
  return sizeBytes < 0 ? undefined : { path, sizeBytes };
}

/** Parts of one file in order. After a failure, the written part stays. */
class Assembly {
  failure: HoldfastError | undefined;
  readonly known: KnownBlock[] = [];
  readonly #context: ExecutionContext;
  readonly #download: FileDownload;
  readonly #old: Old | undefined;
  readonly #offsets: readonly number[];
  readonly #usesDisk: boolean;
  readonly #advance: ((sizeBytes: number) => void) | undefined;
  #fetched: AsyncIterator<ArrivedBlock> | undefined;

  constructor(
    context: ExecutionContext,
    download: FileDownload,
    {
      old,
      usesDisk,
      advance,
    }: {
      readonly old: Old | undefined;
      readonly usesDisk: boolean;
      readonly advance: ((sizeBytes: number) => void) | undefined;
    },
  ) {
    this.#context = context;
    this.#download = download;
    this.#old = old;
    this.#offsets = offsetsOf(download.blocks);
    this.#usesDisk = usesDisk;
    this.#advance = advance;
  }

  dropSources(path: string): void {
    const { sources } = this.#download;
    for (const [position, source] of sources.entries()) if (source?.path === path) sources[position] = undefined;
  }

  /** Local file with the most bytes at the wanted positions, if at least half of the file. */
  get shares(): string | undefined {
    const bytesOf = new Map<string, number>();
    for (const [position, { size }] of this.#download.blocks.entries()) {
      const source = this.#sourceOf(position);
      if (source === undefined || source.offset !== this.#offsets[position]) continue;
      bytesOf.set(source.path, (bytesOf.get(source.path) ?? 0) + size);
    }
    const half = this.#download.operation.remote.sizeBytes / 2;
    return [...bytesOf].find(([, bytes]) => bytes >= half)?.[0];
  }

  async *parts(): AsyncGenerator<Part> {
    try {
      for (const [position, block] of this.#download.blocks.entries()) {
        this.#context.checkStop?.();
        yield await this.#part(block, position);
        this.#advance?.(block.size);
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.failure = error;
    } finally {
      await this.#fetched?.return?.();
    }
  }

  async #part(block: ManifestEntry, position: number): Promise<Part> {
    if (isZeros(block)) {
      const { bytes, pieces } = zeroBlock();
      this.known.push({ ...block, pieces });
      return fetchedPart(block, bytes, true);
    }
    const source = this.#sourceOf(position);
    if (source !== undefined) {
      this.known.push({ ...block, pieces: piecesOfSource(this.#context, source) });
      return localPart(block, source);
    }
    const { bytes, pieces, isProved, release } =
      (await this.#readOld(block, position)) ?? (await this.#fetch(position));
    this.known.push({ ...block, pieces: pieces ?? piecesOfFetched(this.#context, this.#download, bytes) });
    return { ...fetchedPart(block, bytes, isProved), release };
  }

  #sourceOf(position: number): FileDownload["sources"][number] {
    return this.#usesDisk ? this.#download.sources[position] : undefined;
  }

  #isInOld(block: ManifestEntry, position: number): boolean {
    return this.#old !== undefined && (this.#offsets[position] ?? 0) + block.size <= this.#old.sizeBytes;
  }

  async #readOld(block: ManifestEntry, position: number): Promise<ArrivedBlock | undefined> {
    if (this.#old === undefined || !this.#isInOld(block, position)) return undefined;
    const bytes = await this.#context.disk.readAt(this.#old.path, this.#offsets[position] ?? 0, block.size);
    if (sha256(bytes) === block.hash) return { hash: block.hash, bytes, isProved: true };
    // A power failure damaged the part. This block is fetched alone.
    const alone = this.#context.server.fetchBlocks([this.#wanted(block)])[Symbol.asyncIterator]();
    return nextOf(alone);
  }

  #wanted(block: ManifestEntry): WantedBlock {
    return { ...wantedBlock(this.#download, block), wantsPieces: true };
  }

  /** One stream for all blocks that are neither on this disk nor in an earlier part. */
  async #fetch(position: number): Promise<ArrivedBlock> {
    if (this.#fetched === undefined) {
      const wanted = this.#download.blocks.flatMap((each, index) => {
        const isHere = isZeros(each) || this.#sourceOf(index) !== undefined || this.#isInOld(each, index);
        const isFetched = index >= position && !isHere;
        return isFetched ? [this.#wanted(each)] : [];
      });
      this.#fetched = this.#context.server.fetchBlocks(wanted)[Symbol.asyncIterator]();
    }
    return nextOf(this.#fetched);
  }
}

/** A sparse file need not fetch zero blocks. */
function isZeros({ hash, size }: ManifestEntry): boolean {
  return size === limits.blockBytesMax && hash === zeroBlock().hash;
}

async function nextOf(blocks: AsyncIterator<ArrivedBlock>): Promise<ArrivedBlock> {
  const step = await blocks.next();
  if (step.done === true)
    throw new HoldfastError("hash_mismatch", "The server sent too few blocks; they are downloaded again.");
  return step.value;
}
