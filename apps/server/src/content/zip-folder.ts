import { Readable } from "node:stream";
import { toHoldfastError } from "@holdfast/core/errors";
import { ZipFile } from "yazl";
import type { Actor } from "../metadata/actor.ts";
import type { BlockService } from "../blocks/block-service.ts";
import type { NodeRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { PlacedNode } from "../metadata/look-up.ts";
import { findVersion, readManifests } from "../metadata/manifests.ts";
import { walkFolder } from "../metadata/walk-folder.ts";

const pageNodes = 500;
const fileTypeRegular = 0o100000;
const fileTypeSymlink = 0o120000;
const fileTypeFolder = 0o040000;

/**
 * The folder as a zip, made while it is sent: nothing is gathered, one file is open at a time, and the next page of the tree
 * is listed only when the last one is on its way. Entries are stored, not deflated: the blocks are read at the speed of the
 * network, and what compresses well is rarely what people keep.
 */
export async function zipFolder(
  { shards, blocks }: { shards: Shards; blocks: BlockService },
  caller: Actor,
  folder: PlacedNode,
  signal: AbortSignal,
): Promise<Readable> {
  const zip = new ZipFile();
  const output = zip.outputStream as unknown as Readable;
  const prefixLength = folder.path === "/" ? 1 : folder.path.length + 1;
  void addAll().catch((error: unknown) => output.destroy(toHoldfastError(error)));
  return output;

  async function addAll(): Promise<void> {
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await walkFolder(shards.of(caller.bucket), folder, pageNodes, cursor);
      for (const node of page.nodes) await add(node);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    zip.end();
  }

  async function add({ row, path }: PlacedNode): Promise<void> {
    const name = path.slice(prefixLength);
    const mtime = new Date(row.modified_at / 1000);
    if (row.kind === "folder") {
      zip.addEmptyDirectory(name, { mtime, mode: fileTypeFolder | 0o755 });
    } else if (row.kind === "symlink") {
      zip.addBuffer(Buffer.from(row.target ?? ""), name, { mtime, mode: fileTypeSymlink | 0o777, compress: false });
    } else if (row.kind === "file") {
      await addFile(row, name, mtime);
    }
  }

  /** Resolves once the file has been read, so that one is open at a time. */
  async function addFile(row: NodeRow, name: string, mtime: Date): Promise<void> {
    const version = await findVersion(shards, row);
    const [entries = []] = await readManifests(shards.ofId(row.space_id), row.space_id, [version]);
    const content = Readable.from(blocks.readRange(row.space_id, entries, 0, version.size, { signal }), {
      objectMode: false,
    });
    const read = new Promise<void>((resolve, reject) => {
      content.once("end", resolve).once("error", reject);
    });
    const mode = fileTypeRegular | (row.executable ? 0o755 : 0o644);
    zip.addReadStream(content, name, { mtime, mode, size: version.size, compress: false });
    await read;
  }
}
