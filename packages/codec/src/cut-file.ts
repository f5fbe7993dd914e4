import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { Codec } from "./codec.ts";
import type { CodecPool } from "./pool.ts";
import type { SharedWindows } from "./shared-windows.ts";
import type { EncodedBlock } from "./window-task.ts";

/** A block of a file, ready to be sent. */
export interface FileBlock {
  readonly hash: HashHex;
  /** Plain bytes. */
  readonly size: number;
  readonly codec: Codec;
  /** Stands in the window, and is overwritten once that was given back. */
  readonly payload: Uint8Array;
  /** Its piece table, if that was asked for. */
  readonly pieces: Uint8Array | undefined;
}

export interface FileWindow {
  readonly blocks: FileBlock[];
  /** To be called once, when the payloads are needed no more. */
  readonly giveBack: () => void;
  /** To be called instead where something may still read them. */
  readonly abandon: () => void;
}

export interface CutFileOptions {
  readonly windows: SharedWindows;
  readonly compress: boolean;
  /** Whether the blocks come with their piece tables. */
  readonly pieces?: boolean;
}

/**
 * Cuts an open file into blocks in the pool's threads, which read it themselves: while the blocks of one window are hashed
 * and compressed, the next window is read and cut. Yields them in order; an empty file has none.
 * @param options windows: of at least 4 MiB, the longest block, and more; all of them may be in use by this and other files
 * @throws HoldfastError failed with `body.errno` where the file cannot be read; those of the pool
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
        // Who waits holds none: two files that each waited for the other's would wait for ever.
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
      // Its failure is met when it is awaited.
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

/** Yields the oldest until only `leave` are left. */
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
