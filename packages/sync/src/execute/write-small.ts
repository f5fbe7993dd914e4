import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { mapBounded } from "@holdfast/core/task-group";
import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { ArrivedBlock, Part, WantedBlock } from "@holdfast/sync-ports/ports";
import { brokenMax, concernsElement } from "../general/bisect.ts";
import { type FileDownload, fetchedPart, localPart, wantedBlock } from "./file-download.ts";
import { createTemporary, keepBlocks } from "./create.ts";
import { syncTogether } from "./durable.ts";
import { type ExecutionContext, randomName } from "./execution-context.ts";
import type { LocalSources } from "./sources.ts";

const writesAtOnce = 16;
/** Waiting threads share one journal commit of the filesystem, and more files are ready for the next one. */
const syncsAtOnce = 64;

/** Durable path of a written file, or the error. */
export type Written = { readonly path: string } | HoldfastError;

/**
 * Writes small files. One stream brings all missing blocks. A failed file fails alone. If the stream fails, files that
 * still need blocks fail.
 */
export async function writeSmall(
  context: ExecutionContext,
  sources: LocalSources,
  downloads: readonly FileDownload[],
): Promise<ReadonlyMap<FileDownload, Written>> {
  const written = new Map<FileDownload, Written>();
  const results = new Map<FileDownload, Promise<Written>>();
  const places = new Places(writesAtOnce);
  const blocks = new BlockStream(context, downloads);
  for (const download of downloads) {
    const bytes = await blocks.of(download);
    if (bytes instanceof HoldfastError) {
      written.set(download, bytes);
      continue;
    }
    await places.take();
    results.set(download, places.during(writeOne(context, sources, download, bytes)));
  }
  await Promise.all(results.values());
  await blocks.close();
  // Syncs after all files are written, because creating a file would wait for a running journal commit.
  const together = syncTogether(context.disk, results.size);
  const synced = together === undefined ? undefined : attempt(together);
  await mapBounded([...results], syncsAtOnce, async ([download, work]) => {
    const file = await work;
    const isMade = !(file instanceof HoldfastError);
    const failure = isMade ? await (synced ?? attempt(() => context.disk.syncFile(file.path))) : undefined;
    written.set(download, failure ?? file);
  });
  return written;
}

async function attempt(act: () => Promise<void>): Promise<HoldfastError | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

class Places {
  #free: number;
  #wake: () => void = () => undefined;

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#free -= 1;
  }

  async during<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } finally {
      this.#free += 1;
      this.#wake();
    }
  }
}

async function writeOne(
  context: ExecutionContext,
  sources: LocalSources,
  download: FileDownload,
  bytes: ReadonlyMap<HashHex, Uint8Array>,
): Promise<Written> {
  const path = joinPath(ownFolders.temporary, randomName(context));
  try {
    try {
      await createTemporary(context, path, download.operation, partsOf(download, bytes));
    } catch (error) {
      const untrue = error instanceof HoldfastError && error.code === "hash_mismatch" ? error.body["hash"] : undefined;
      const source = download.sources[download.blocks.findIndex(({ hash }) => hash === untrue)];
      if (source === undefined) throw error;
      // The changed local file is no longer a source.
      sources.distrust(source.path);
      await createTemporary(context, path, download.operation, fetchedParts(context, download));
    }
    keepBlocks(context, download, bytes);
    return { path };
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

async function* partsOf(
  { blocks, sources }: FileDownload,
  bytes: ReadonlyMap<HashHex, Uint8Array>,
): AsyncGenerator<Part> {
  for (const [position, block] of blocks.entries()) {
    const source = sources[position];
    if (source !== undefined) yield localPart(block, source);
    else yield fetchedPart(block, bytes.get(block.hash) ?? new Uint8Array());
  }
}

async function* fetchedParts(context: ExecutionContext, download: FileDownload): AsyncGenerator<Part> {
  const wanted = download.blocks.map((block) => ({ ...wantedBlock(download, block), base: undefined }));
  let position = 0;
  for await (const { bytes } of context.server.fetchBlocks(wanted)) {
    const block = download.blocks[position];
    position += 1;
    if (block !== undefined) yield fetchedPart(block, bytes);
  }
}

/** Each block is requested once and held as long as a file needs it. */
class BlockStream {
  readonly #context: ExecutionContext;
  readonly #held = new Map<HashHex, Uint8Array>();
  /** Files that still need a block. */
  readonly #uses = new Map<HashHex, number>();
  readonly #absent = new Map<HashHex, HoldfastError>();
  #wanted: WantedBlock[] = [];
  #next = 0;
  /** Blocks per stream, reduced after an unexplained failure. */
  #span = Infinity;
  /** Blocks that the open stream has yet to return. */
  #owed = 0;
  /** Consecutive blocks for which the server could not answer at all. */
  #broken = 0;
  #stream: AsyncIterator<ArrivedBlock> | undefined;
  #failure: HoldfastError | undefined;

  constructor(context: ExecutionContext, downloads: readonly FileDownload[]) {
    this.#context = context;
    for (const download of downloads) {
      for (const { hash, size } of fetchedOf(download)) {
        const uses = this.#uses.get(hash) ?? 0;
        if (uses === 0) this.#wanted.push(wantedBlock(download, { hash, size }));
        this.#uses.set(hash, uses + 1);
      }
    }
  }

  /** Earlier files have already requested their blocks. */
  async of(download: FileDownload): Promise<ReadonlyMap<HashHex, Uint8Array> | HoldfastError> {
    const bytes = new Map<HashHex, Uint8Array>();
    let failure: HoldfastError | undefined;
    for (const { hash } of fetchedOf(download)) {
      const block = await this.#find(hash);
      if (block instanceof HoldfastError) failure = block;
      else bytes.set(hash, block);
      const uses = (this.#uses.get(hash) ?? 1) - 1;
      this.#uses.set(hash, uses);
      if (uses === 0) this.#held.delete(hash);
    }
    return failure ?? bytes;
  }

  async close(): Promise<void> {
    await this.#stream?.return?.();
  }

  async #find(hash: HashHex): Promise<Uint8Array | HoldfastError> {
    for (;;) {
      const held = this.#held.get(hash) ?? this.#absent.get(hash) ?? this.#failure;
      if (held !== undefined) return held;
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    try {
      this.#stream ??= this.#open();
      const step = await this.#stream.next();
      const wanted = this.#wanted[this.#next];
      if (step.done === true || wanted === undefined) {
        this.#failure = new HoldfastError(
          "hash_mismatch",
          "The server sent too few blocks; they are downloaded again.",
        );
        return;
      }
      this.#held.set(wanted.hash, step.value.bytes);
      this.#next += 1;
      this.#owed -= 1;
      this.#broken = 0;
      if (this.#owed === 0 && this.#next < this.#wanted.length) await this.#goOn();
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.#fail(error);
    }
  }

  #open(): AsyncIterator<ArrivedBlock> {
    const asked = this.#wanted.slice(this.#next, this.#next + this.#span);
    this.#owed = asked.length;
    return this.#context.server.fetchBlocks(asked)[Symbol.asyncIterator]();
  }

  /** Doubles the request size after a request without errors. */
  async #goOn(): Promise<void> {
    await this.#stream?.return?.();
    this.#stream = undefined;
    this.#span *= 2;
  }

  /** If the failure names no block, fewer are requested until it is found. */
  #fail(error: HoldfastError): void {
    this.#stream = undefined;
    const rest = this.#wanted.slice(this.#next, this.#next + this.#owed);
    const culprit = rest.find(({ hash }) => hash === error.body["hash"]) ?? (rest.length === 1 ? rest[0] : undefined);
    if (!concernsElement(error) || rest.length === 0) this.#failure = error;
    else if (culprit === undefined) this.#span = Math.ceil(rest.length / 2);
    else this.#goWithout(culprit, error);
  }

  #goWithout({ hash }: WantedBlock, error: HoldfastError): void {
    this.#absent.set(hash, error);
    this.#wanted = this.#wanted.filter((wanted, index) => index < this.#next || wanted.hash !== hash);
    this.#span *= 2;
    this.#broken = error.code === "internal" ? this.#broken + 1 : 0;
    if (this.#broken >= brokenMax) this.#failure = error;
  }
}

function fetchedOf({ blocks, sources }: FileDownload): ManifestEntry[] {
  const fetched = new Map<HashHex, ManifestEntry>();
  for (const [position, block] of blocks.entries()) if (sources[position] === undefined) fetched.set(block.hash, block);
  return [...fetched.values()];
}
