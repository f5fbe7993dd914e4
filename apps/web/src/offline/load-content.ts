import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { contentIdOf, type ManifestEntry, sizeOf } from "@holdfast/core/manifest";
import type { KeptFile } from "./kept-index.ts";

/** The content exists only after `close` has resolved. */
export interface ContentSink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** SHA-256. */
export type Hash = (bytes: Uint8Array<ArrayBuffer>) => Promise<HashHex>;

/** Attempts to continue after broken connections. */
const attemptsMax = 5;

/**
 * Verifies each block against the manifest that the content id identifies.
 * @throws HoldfastError damaged for wrong bytes, conflict if the file has changed, or the server's error
 */
export async function loadContent(
  client: Pick<ApiClient, "call" | "open">,
  { id, contentId, sizeBytes }: Pick<KeptFile, "id" | "contentId" | "sizeBytes">,
  sink: ContentSink,
  hash: Hash,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { version, blocks = [] } = await client.call("getManifest", { params: { id }, signal });
    if (contentIdOf(blocks) !== contentId || sizeOf(blocks) !== sizeBytes)
      throw new HoldfastError("conflict", "The file changed while it was being downloaded.");
    const left = new BlockReader(blocks, sink, hash);
    for (let attempt = 1; !left.isDone; attempt += 1) {
      try {
        const headers = { range: `bytes=${left.doneBytes}-` };
        const query = { version: String(version) };
        const answer = await client.open("download", { params: { id }, query, headers, signal });
        // The start of the file must not be taken for its rest.
        if (answer.status !== 206 && left.doneBytes > 0)
          throw new HoldfastError("damaged", "The server sent the wrong part.");
        left.forgetPartial();
        for await (const slice of answer.body) await left.take(slice);
        if (!left.isDone) throw new HoldfastError("unreachable", "The server's response was incomplete. Try again.");
      } catch (thrown) {
        const isBreak = thrown instanceof HoldfastError && thrown.code === "unreachable";
        if (!isBreak || attempt >= attemptsMax || signal.aborted) throw thrown;
      }
    }
    signal.throwIfAborted();
    await sink.close();
  } catch (thrown) {
    await sink.abort().catch(() => {});
    throw thrown;
  }
}

/** Holds one block in memory. */
class BlockReader {
  readonly #blocks: readonly ManifestEntry[];
  readonly #sink: ContentSink;
  readonly #hash: Hash;
  #next = 0;
  #partial: Uint8Array<ArrayBuffer> | undefined;
  #partialBytes = 0;
  doneBytes = 0;

  constructor(blocks: readonly ManifestEntry[], sink: ContentSink, hash: Hash) {
    this.#blocks = blocks;
    this.#sink = sink;
    this.#hash = hash;
  }

  get isDone(): boolean {
    return this.#next === this.#blocks.length;
  }

  forgetPartial(): void {
    this.#partialBytes = 0;
  }

  async take(slice: Uint8Array): Promise<void> {
    for (let at = 0; at < slice.length;) {
      const block = this.#blocks[this.#next];
      if (block === undefined) throw new HoldfastError("damaged", "The server sent more bytes than the file contains.");
      this.#partial ??= new Uint8Array(block.size);
      const part = slice.subarray(at, at + block.size - this.#partialBytes);
      this.#partial.set(part, this.#partialBytes);
      this.#partialBytes += part.length;
      at += part.length;
      if (this.#partialBytes === block.size) await this.#finish(block, this.#partial);
    }
  }

  async #finish(block: ManifestEntry, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if ((await this.#hash(bytes)) !== block.hash)
      throw new HoldfastError("damaged", "The server sent bytes that do not match the file.");
    await this.#sink.write(bytes);
    this.#partial = undefined;
    this.#partialBytes = 0;
    this.doneBytes += block.size;
    this.#next += 1;
  }
}
