import { isUtf8 } from "node:buffer";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { type ManifestEntry, sizeOf } from "@holdfast/core/manifest";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import { lineDifference } from "./line-difference.ts";
import { commonEnds, type SharedBlocks, sharedBlocks } from "./shared-blocks.ts";
import { BlockContents, fetchRange, placeBlocks } from "./version-content.ts";

/** Maximum size of each version. Larger versions are compared only by their blocks. */
export const textBytesMax = 8 * 1024 ** 2;
/** Maximum size of both versions together. Above it, block lists of more than 260,000 entries are not fetched. */
export const listedBytesMax = 64 * 1024 ** 3;

export interface Comparison {
  readonly kind: "equal" | "text" | "binary" | "too_large";
  /** Hunks of a unified diff; only for text. */
  readonly lines?: readonly string[];
  /** Too many lines differ, so all are shown as replaced. */
  readonly replaced?: boolean;
  /** Absent if the versions are equal or too large. */
  readonly blocks?: SharedBlocks;
}

/** Fetches as few bytes as possible. */
export async function compareVersions(
  client: ApiClient,
  id: string,
  from: VersionJson,
  to: VersionJson,
): Promise<Comparison> {
  if (from.content_id === to.content_id) return { kind: "equal" };
  if (from.size + to.size > listedBytesMax) return { kind: "too_large" };
  const listOf = async ({ version_id, size }: VersionJson): Promise<ManifestEntry[]> => {
    const { blocks = [] } = await client.call("getManifest", { params: { id }, query: { version: version_id } });
    if (sizeOf(blocks) === size) return blocks;
    throw new HoldfastError(
      "failed",
      `The server's list of blocks of version ${version_id} does not match the size of the file.`,
    );
  };
  const lists = { from: await listOf(from), to: await listOf(to) };
  const blocks = sharedBlocks(lists.from, lists.to);
  if (Math.max(from.size, to.size) > textBytesMax) return { kind: "too_large", blocks };
  if (await looksBinary(client, id, to)) return { kind: "binary", blocks };
  const contents = await readDifference(client, id, { ...lists, fromVersion: from, toVersion: to });
  if (!isText(contents.from) || !isText(contents.to)) return { kind: "binary", blocks };
  const { lines, replaced } = lineDifference(contents.from, contents.to);
  // Equal bytes, split into different blocks.
  if (lines.length === 0) return { kind: "equal" };
  return { kind: "text", lines, replaced, blocks };
}

interface Lists {
  readonly from: readonly ManifestEntry[];
  readonly to: readonly ManifestEntry[];
  readonly fromVersion: VersionJson;
  readonly toVersion: VersionJson;
}

/** Lines after the last different block: the line in which the block may end, and the context lines. */
const linesBehind = 4;

/**
 * Both contents end some whole lines after the last different block. The common start is read once, because lines are
 * numbered from the first.
 */
async function readDifference(client: ApiClient, id: string, lists: Lists): Promise<{ from: Buffer; to: Buffer }> {
  const contents = new BlockContents(client);
  const { end } = commonEnds(lists.from, lists.to);
  const [fromBlocks, toBlocks] = [placeBlocks(lists.from), placeBlocks(lists.to)];
  const fromVersion = { id, version_id: lists.fromVersion.version_id };
  const from = await contents.read(fromVersion, fromBlocks.slice(0, fromBlocks.length - end));
  const to = await contents.read(
    { id, version_id: lists.toVersion.version_id },
    toBlocks.slice(0, toBlocks.length - end),
  );
  const behind: Buffer[] = [];
  let lines = 0;
  for (const block of fromBlocks.slice(fromBlocks.length - end)) {
    if (lines >= linesBehind) break;
    const content = await contents.read(fromVersion, [block]);
    behind.push(content);
    lines += content.reduce((count, byte) => (byte === newline ? count + 1 : count), 0);
  }
  return { from: Buffer.concat([from, ...behind]), to: Buffer.concat([to, ...behind]) };
}

const newline = 0x0a;
/** Same limit as in git. */
const sniffedBytes = 8000;

async function looksBinary(client: ApiClient, id: string, { version_id, size }: VersionJson): Promise<boolean> {
  if (size === 0) return false;
  const start = await fetchRange(client, { id, version_id }, 0, Math.min(size, sniffedBytes));
  return start.includes(0);
}

function isText(content: Buffer): boolean {
  return !content.includes(0) && isUtf8(content);
}
