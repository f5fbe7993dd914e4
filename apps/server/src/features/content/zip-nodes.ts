import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { BlockService, ReadingOptions } from "../../packs/service/block-service.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { VersionRow } from "../../base/db/shard-tables.ts";
import { isReadable, type PlacedNode } from "../../tree/read/placed-node.ts";
import { findVersion } from "../../tree/content/manifests.ts";
import { modeOf } from "../../tree/read/node-mode.ts";
import { walkFolder } from "../../tree/read/walk-folder.ts";
import { Gathering } from "./gathering.ts";
import type { LiveSight } from "./live-sight.ts";
import { inGroups, readTogether } from "./read-together.ts";
import { readVersion } from "./read-version.ts";
import { makeZip } from "./zip.ts";
import type { ZipEntry } from "./zip.ts";

const pageNodes = 500;

interface ZipParts {
  readonly shards: Shards;
  readonly blocks: BlockService;
}

interface ZipOptions extends Required<Pick<ReadingOptions, "signal" | "reading">> {
  /** Checked before each page of the tree and each node; omits nodes that are no longer visible. */
  readonly sight: LiveSight;
}

export interface ZippedNode {
  readonly node: PlacedNode;
  readonly name: string;
}

/** Zip of a folder's content, without the folder's own name. See `zipNodes`. */
export function zipFolder(parts: ZipParts, folder: PlacedNode, options: ZipOptions): AsyncGenerator<Uint8Array> {
  return zipEntries(entriesBelow(parts, folder, "", options));
}

/**
 * Streams files and folders as one zip. Only one file or some small ones are open at a time; the next page of the tree
 * is listed after the previous one was sent. Compresses nothing: blocks are read at network speed, and most stored
 * content compresses badly. A piece is valid only until the next is requested.
 * @throws HoldfastError damaged after the last byte if files are damaged: see `makeZip`
 */
export function zipNodes(
  parts: ZipParts,
  nodes: readonly ZippedNode[],
  options: ZipOptions,
): AsyncGenerator<Uint8Array> {
  return zipEntries(entriesOf(parts, nodes, options));
}

async function* zipEntries(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array, void, undefined> {
  const gathering = new Gathering();
  let failure: HoldfastError | undefined;
  try {
    for await (const piece of makeZip(entries)) yield* gathering.add(piece);
  } catch (thrown) {
    failure = toHoldfastError(thrown);
  }
  // Sends everything before a failure. A zip with a damaged file contains all others.
  yield* gathering.end();
  if (failure !== undefined) throw failure;
}

async function* entriesOf(
  parts: ZipParts,
  nodes: readonly ZippedNode[],
  options: ZipOptions,
): AsyncGenerator<ZipEntry, void, undefined> {
  for (const group of inGroups(nodes.map(({ node, name }) => ({ ...listed(node), name })))) {
    const contents = await readBySpace(parts, group, options);
    for (const each of group) {
      const entry = await entryOf(parts, each.node, options, contents.get(each));
      if (entry !== undefined) yield { ...entry, path: each.name };
      if (each.node.row.kind === "folder") yield* entriesBelow(parts, each.node, `${each.name}/`, options);
    }
  }
}

/** The nodes of a group may be in the spaces of several owners. */
async function readBySpace<Entry extends ReturnType<typeof listed>>(
  parts: ZipParts,
  group: readonly Entry[],
  options: ZipOptions,
): Promise<ReadonlyMap<Entry, Uint8Array>> {
  const contents = new Map<Entry, Uint8Array>();
  for (const [spaceId, some] of Map.groupBy(group, ({ node }) => node.row.space_id)) {
    for (const [entry, bytes] of await readTogether(parts, spaceId, some, options)) contents.set(entry, bytes);
  }
  return contents;
}

async function* entriesBelow(
  parts: ZipParts,
  folder: PlacedNode,
  prefix: string,
  options: ZipOptions,
): AsyncGenerator<ZipEntry, void, undefined> {
  let cursor: string | undefined;
  do {
    options.signal.throwIfAborted();
    const now = await options.sight.again(folder);
    if (now === undefined) return;
    // Paths start at the folder, even if it is mounted below.
    const top = { ...folder, path: "/", mounts: undefined, role: now.role, rights: now.rights };
    const page = await walkFolder(parts.shards.ofId(folder.row.space_id), top, pageNodes, cursor);
    for (const group of inGroups(page.nodes.filter(isReadable).map(listed))) {
      const contents = await readTogether(parts, folder.row.space_id, group, options);
      for (const each of group) {
        const entry = await entryOf(parts, each.node, options, contents.get(each));
        if (entry !== undefined) yield { ...entry, path: prefix + each.node.path.slice(1) };
      }
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

function listed(node: PlacedNode) {
  const { kind, head_version: versionId, size: sizeBytes } = node.row;
  return { node, versionId: kind === "file" ? (versionId ?? undefined) : undefined, sizeBytes };
}

/**
 * @param read content, if already read
 * @returns undefined for a node that a zip cannot contain or that is no longer visible
 */
async function entryOf(
  parts: ZipParts,
  node: PlacedNode,
  options: ZipOptions,
  read?: Uint8Array,
): Promise<Omit<ZipEntry, "path"> | undefined> {
  const { row } = node;
  if ((await options.sight.again(node)) === undefined) return undefined;
  const mtimeMs = row.modified_at / 1000;
  if (row.kind === "folder") return { kind: "folder", mode: modeOf(row), mtimeMs, sizeBytes: 0, content: piecesOf() };
  if (row.kind === "symlink") {
    const target = Buffer.from(row.target ?? "");
    return { kind: "symlink", mode: 0o777, mtimeMs, sizeBytes: target.length, content: piecesOf(target) };
  }
  if (row.kind !== "file") return undefined;
  const mode = modeOf(row);
  if (read !== undefined) return { kind: "file", mode, mtimeMs, sizeBytes: read.length, content: piecesOf(read) };
  const version = await headOf(parts, row);
  if (version === undefined) return undefined;
  return { kind: "file", mode, mtimeMs, sizeBytes: version.size, content: contentOf(parts, version, options) };
}

async function headOf({ shards }: ZipParts, row: PlacedNode["row"]): Promise<VersionRow | undefined> {
  try {
    return await findVersion(shards, row);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

function contentOf(parts: ZipParts, version: VersionRow, { signal, reading }: ZipOptions): AsyncGenerator<Uint8Array> {
  return readVersion(parts, version, { start: 0, end: version.size }, { signal, reading, passing: true });
}

async function* piecesOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* await Promise.resolve(pieces);
}
