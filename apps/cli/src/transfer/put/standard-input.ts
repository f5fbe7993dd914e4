import { fstatSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";

export interface StandardInput {
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Name of the command that writes the stream. */
  readonly writer?: string | undefined;
  readonly allowEmpty: boolean;
}

/** Rejects a directory, which Node reads as an empty stream. @throws HoldfastError usage */
export function refuseDirectory(stdin: StandardInput["stdin"]): void {
  if (stdin === process.stdin && fstatSync(0).isDirectory()) {
    throw new HoldfastError("usage", "Standard input is a directory. To upload a directory: holdfast put DIR REMOTE.");
  }
}

/**
 * Nothing is created on the server before the first bytes. A program that fails in front of the pipe writes nothing,
 * and an empty file would become the newest version. Node also returns an empty stream for a closed descriptor.
 * @throws HoldfastError failed if the stream is empty and `allowEmpty` is false
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
      // The stream would keep this process alive as long as its writer.
      await chunks.return?.();
    }
  })();
}

/** Bytes between two checks of the name. */
const checkedBytes = 32 * 1024 * 1024;

/**
 * @param check repeats the check of the name during a stream of hours, which would otherwise find a folder of that name
 * only at the end
 */
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
