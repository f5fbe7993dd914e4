import { fstatSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";

export interface StandardInput {
  /** Or the output of a command in its place. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The command. */
  readonly writer?: string | undefined;
  /** Set: an empty file is meant. */
  readonly allowEmpty: boolean;
}

/** Node reads a directory as an empty stream. @throws HoldfastError usage */
export function refuseDirectory(stdin: StandardInput["stdin"]): void {
  if (stdin === process.stdin && fstatSync(0).isDirectory()) {
    throw new HoldfastError("usage", "Standard input is a directory. To upload a directory: holdfast put DIR REMOTE.");
  }
}

/**
 * Waits for the first bytes, before anything is made on the server. A program that fails in front of a pipe leaves it empty, and its
 * empty file would become the newest version, or the only one. Node also gives an empty stream for a closed descriptor.
 * @throws HoldfastError failed where nothing comes and no empty file is meant
 */
export async function openStandardInput(
  { stdin, writer, allowEmpty }: StandardInput,
  remotePath: string,
): Promise<AsyncIterable<Uint8Array>> {
  const chunks = stdin[Symbol.asyncIterator]();
  const first = await nextBytes(chunks);
  if (first === undefined && !allowEmpty) {
    const found = writer === undefined ? "Standard input was empty" : `${writer} wrote nothing`;
    const check = writer === undefined ? " Check the program that writes to it." : "";
    throw new HoldfastError(
      "failed",
      `${found}, so nothing was stored at ${remotePath}.${check} To store an empty file, use --allow-empty.`,
    );
  }
  return (async function* () {
    try {
      for (let chunk = first; chunk !== undefined; chunk = await nextBytes(chunks)) yield chunk;
    } finally {
      // Ends the stream, which would otherwise keep the process until the program in front of it ends.
      await chunks.return?.();
    }
  })();
}

/** Bytes of a stream between two checks of its name. */
const checkedBytes = 32 * 1024 * 1024;

/** @param check of the name of a stream, which may take hours: without it, a folder of that name would be found once all has been sent */
export async function* checkingName(
  source: AsyncIterable<Uint8Array>,
  check: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let uncheckedBytes = 0;
  for await (const slice of source) {
    uncheckedBytes += slice.length;
    if (uncheckedBytes >= checkedBytes) {
      await check();
      uncheckedBytes = 0;
    }
    yield slice;
  }
}

async function nextBytes(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return undefined;
    if (next.value.length > 0) return next.value;
  }
}
