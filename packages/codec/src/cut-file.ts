import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { Codec } from "./codec.ts";
import type { CodecPool } from "./pool.ts";
import type { SharedWindows } from "./shared-windows.ts";
import type { EncodedBlock } from "./window-task.ts";

export interface FileBlock {
  readonly hash: HashHex;
  /** Plain bytes. */
  readonly size: number;
  readonly codec: Codec;
  /** Bytes in the window, overwritten after `giveBack`. */
  readonly payload: Uint8Array;
  /** Piece table, if requested. */
  readonly pieces: Uint8Array | undefined;
}

export interface FileWindow {
  readonly blocks: FileBlock[];
  /** Must be called once the payloads are not needed. */
  readonly giveBack: () => void;
  /** Replaces `giveBack` if something may still read the payloads. */
  readonly abandon: () => void;
}

export interface CutFileOptions {
  readonly windows: SharedWindows;
  readonly compress: boolean;
  readonly pieces?: boolean;
}

/**
 * Splits an open file into blocks in the pool's threads, which read it. While one window is hashed and compressed, the
 * next one is read and split. Yields blocks in order; an empty file has none.
 * @param options windows: larger than the maximum block of 4 MiB; this and other files may use all of them
 * @throws HoldfastError failed with `body.errno` if the file is unreadable; errors of the pool
 */
export async function* cutFile(
  pool: Pick<CodecPool, "run" | "threads">,
  descriptor: number,
  { windows, compress, pieces = false }: CutFileOptions,
): AsyncGenerator<FileWindow, void, undefined> {
  const encoding: EncodingWindow[] = [];
  let held: SharedArrayBuffer | undefined;
  try {
    for (let position = 0, final = false; !final;) {
      held = windows.takeFree();
      if (held === undefined) {
        // Finishes own windows before waiting. Two files that wait for each other's windows would deadlock.
        yield* oldest(encoding, 0, windows);
        held = await windows.take();
      }
      const window = held;
      const found = await pool.run("cutWindowTask", { window, descriptor, position });
      if (!found.ok) {
        const { errno } = found;
        throw new HoldfastError("failed", `The file cannot be read (${errno}).`, { body: { errno } });
      }
      const encoded = pool.run("encodeWindowTask", { window, cuts: found.cuts, compress, pieces });
      // The error is handled when the promise is awaited.
      encoded.catch(() => {});
      encoding.push({ window, encoded });
      held = undefined;
      ({ final } = found);
      position += found.consumed;
      yield* oldest(encoding, pool.threads - 1, windows);
    }
    yield* oldest(encoding, 0, windows);
  } finally {
    if (held !== undefined) windows.giveBack(held);
    await Promise.allSettled(encoding.map(({ encoded }) => encoded));
    for (const { window } of encoding) windows.giveBack(window);
  }
}

interface EncodingWindow {
  readonly window: SharedArrayBuffer;
  readonly encoded: Promise<EncodedBlock[]>;
}

/** Yields the oldest windows until `leave` are left. */
async function* oldest(
  encoding: EncodingWindow[],
  leave: number,
  windows: SharedWindows,
): AsyncGenerator<FileWindow, void, undefined> {
  for (let [first] = encoding; first !== undefined && encoding.length > leave; [first] = encoding) {
    const { window } = first;
    const blocks = await first.encoded;
    encoding.shift();
    yield {
      blocks: blocks.map(({ start, end, hash, codec, length, pieces }) => {
        return { hash, size: end - start, codec, payload: new Uint8Array(window, start, length), pieces };
      }),
      giveBack: () => windows.giveBack(window),
      abandon: () => windows.abandon(),
    };
  }
}
