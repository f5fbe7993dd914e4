import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { type BlockSource, type WantedBlock, writeFrame } from "./block-source.ts";
import { contentStart, readZipDirectory, type ZipReader } from "./read-zip.ts";

/** Fetches the zip once into an unnamed file in the spool folder, so that nothing remains even after a crash. */
export function zipSource(client: ApiClient, folder: NodeJson, spoolFolder: string): BlockSource {
  let fetched: Promise<Spool> | undefined;
  return {
    async fetch(wanted, target) {
      fetched ??= fetchZip(client, folder, spoolFolder);
      const spool = await fetched;
      let end = 0;
      for (const block of wanted) end += writeFrame(block, await readBlock(spool, block), target.subarray(end));
      return end;
    },
    async close() {
      const spool = await fetched?.catch(() => undefined);
      await spool?.handle.close();
    },
  };
}

interface Spool extends ZipReader {
  readonly handle: FileHandle;
  readonly entries: ReadonlyMap<string, number>;
  readonly prefixLength: number;
}

async function readBlock(spool: Spool, { node, offset, size }: WantedBlock): Promise<Uint8Array> {
  const header = spool.entries.get(node.path.slice(spool.prefixLength));
  if (header === undefined) throw changed();
  const bytes = await spool.read((await contentStart(spool, header)) + offset, size);
  if (bytes.length < size) throw changed();
  return bytes;
}

function changed(): HoldfastError {
  return new HoldfastError(
    "not_found",
    "It was moved, changed or removed while the folder was downloaded. Run get again.",
  );
}

async function fetchZip(client: ApiClient, { id, path }: NodeJson, spoolFolder: string): Promise<Spool> {
  const name = join(spoolFolder, `.holdfast-part-zip-${randomBytes(8).toString("hex")}`);
  const handle = await open(name, "wx+", 0o600);
  try {
    await unlink(name);
    const failure = await spoolBody(client, id, handle);
    const read = async (position: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const { size: sizeBytes } = await handle.stat();
    const entries = await readZipDirectory({ read, sizeBytes }).catch((thrown: unknown) => {
      throw failure ?? toHoldfastError(thrown);
    });
    return { handle, read, sizeBytes, entries, prefixLength: path === "/" ? 1 : path.length + 1 };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/**
 * A second request would count as another download.
 * @returns the error that ended the download; a damaged file ends it after the file
 */
async function spoolBody(client: ApiClient, id: string, handle: FileHandle): Promise<HoldfastError | undefined> {
  const answer = await client.open("download", { params: { id }, endsWithBreak: true });
  try {
    for await (const slice of answer.body) await writeAll(handle, slice);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") throw thrown;
    const message =
      "The connection was lost in the middle of the folder. Running get again counts as another download of the link.";
    return new HoldfastError("unreachable", message, { cause: thrown });
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
}
