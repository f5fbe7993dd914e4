import { type VersionId, isId } from "@holdfast/core/ids";
import { diffSplices } from "@holdfast/core/manifest";
import type { Caller } from "../accounts/caller.ts";
import type { BlockService } from "../blocks/block-service.ts";
import { zipFolder } from "../content/zip-folder.ts";
import type { VersionRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import { findNode, findVisible, type PlacedNode } from "../metadata/look-up.ts";
import { findVersion, findVersions, readManifests } from "../metadata/manifests.ts";
import { mimeTypeOf } from "../metadata/node-json.ts";
import { readEntityTags } from "./conditions.ts";
import { contentDisposition } from "./content-disposition.ts";
import type { Handlers } from "./handler.ts";
import { primed } from "./primed.ts";
import { type ByteRange, formatContentRange, parseRange } from "./ranges.ts";

/** Content on its way out: as a file, as a zip, as a list of blocks. */
export function downloadHandlers({
  shards,
  blocks,
  boundary,
}: {
  shards: Shards;
  blocks: BlockService;
  boundary: () => string;
}) {
  return {
    download: async ({ caller, params, query, headers, head, signal }) => {
      const found = await findNode(shards, caller, params.id);
      if (found.row.kind === "folder") return downloadFolder(caller, found, head, signal);
      const version = await findVersion(shards, found.row, query.version);
      return downloadFile(found, version, headers, head, signal);
    },
    getManifest: async ({ caller, params, query }) => {
      const { row } = await findNode(shards, caller, params.id);
      const version = await findVersion(shards, row, query.version);
      const [entries = []] = await readManifests(shards.of(caller.bucket), row.space_id, [version]);
      if (query.base === undefined) return { status: 200, json: { ...manifestHead(version), blocks: entries } };
      const base = await findVersion(shards, row, query.base);
      const [baseEntries = []] = await readManifests(shards.of(caller.bucket), row.space_id, [base]);
      const splices = diffSplices(baseEntries, entries).map(({ at, remove, insert }) => ({
        at,
        remove,
        insert: [...insert],
      }));
      return { status: 200, json: { ...manifestHead(version), splices } };
    },
    queryManifests: async ({ caller, body }) => {
      const shard = shards.of(caller.bucket);
      const ids = body.version_ids.filter((id) => isId(id)) as VersionId[];
      const versions = await findVersions(shard, caller.spaceId, ids);
      const nodes = await findVisible(shard, caller, [...new Set(versions.map((version) => version.node_id))]);
      const asked = new Map(ids.map((id, index) => [id, index]));
      const readable = versions
        .filter((version) => nodes.has(version.node_id))
        .toSorted((left, right) => (asked.get(left.id) ?? 0) - (asked.get(right.id) ?? 0));
      const manifests = await readManifests(shard, caller.spaceId, readable);
      const items = readable.map((version, index) =>
        Object.assign(manifestHead(version), { blocks: manifests[index] ?? [] }),
      );
      return { status: 200, json: { items } };
    },
  } satisfies Handlers;

  async function downloadFile(
    found: PlacedNode,
    version: VersionRow,
    headers: Record<string, string | string[] | undefined>,
    head: boolean,
    signal: AbortSignal,
  ) {
    const { row } = found;
    const etag = `"${version.content_id.toString("hex")}"`;
    const common = {
      ...safeContentHeaders(row.name),
      etag,
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
    };
    if (matches(headers["if-none-match"], etag)) return { status: 304 as const, headers: { etag } };
    const rangeHeader = ifRangeHolds(headers["if-range"], etag) ? headers["range"] : undefined;
    const ranges = parseRange(typeof rangeHeader === "string" ? rangeHeader : undefined, version.size);
    const [entries = []] = await readManifests(shards.ofId(row.space_id), row.space_id, [version]);
    const options = { signal, passing: true };
    const read = (range: ByteRange) => blocks.readRange(row.space_id, entries, range.start, range.end, options);
    // The head of an answer needs nothing of the content.
    const open = (content: AsyncGenerator<Uint8Array>) => (head ? content : primed(content));
    const only = ranges?.[0];
    if (ranges === undefined || only === undefined) {
      const whole = { ...common, "content-type": mimeTypeOf(row.name), "content-length": version.size };
      return { status: 200 as const, bytes: await open(read({ start: 0, end: version.size })), headers: whole };
    }
    if (ranges.length === 1) {
      const part = {
        ...common,
        "content-type": mimeTypeOf(row.name),
        "content-length": only.end - only.start,
        "content-range": formatContentRange(only, version.size),
      };
      return { status: 206 as const, bytes: await open(read(only)), headers: part };
    }
    const multipart = multipartOf(ranges, version.size, mimeTypeOf(row.name), boundary());
    const parts = { ...common, "content-type": multipart.contentType, "content-length": multipart.sizeBytes };
    return { status: 206 as const, bytes: await open(multipart.body(read)), headers: parts };
  }

  async function downloadFolder(caller: Caller, folder: PlacedNode, head: boolean, signal: AbortSignal) {
    const name = `${folder.row.name === "" ? "Holdfast" : folder.row.name}.zip`;
    const headers = { ...safeContentHeaders(name), "content-type": "application/zip" };
    const bytes = head ? "" : zipFolder({ shards, blocks }, caller, folder, signal);
    return { status: 200 as const, bytes, headers };
  }
}

function manifestHead(version: VersionRow) {
  return {
    version_id: version.id,
    version: version.number,
    size: version.size,
    content_id: version.content_id.toString("hex"),
  };
}

/** What a browser may show in place without running anything of it. Vector images can carry scripts. */
const inlineTypes = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

function safeContentHeaders(name: string): Record<string, string> {
  return {
    "content-disposition": contentDisposition(name, inlineTypes.test(mimeTypeOf(name)) ? "inline" : "attachment"),
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
  };
}

function matches(header: string | string[] | undefined, etag: string): boolean {
  if (typeof header !== "string") return false;
  const tags = readEntityTags("If-None-Match", header);
  return tags === "*" || (tags?.includes(etag.slice(1, -1)) ?? false);
}

/** A date is never exact enough to continue a file by, so with one the whole file is sent. */
function ifRangeHolds(header: string | string[] | undefined, etag: string): boolean {
  return header === undefined || header === etag;
}

/** RFC 9110, 14.6: each part with its own type and range. Its length is known before the first byte is read. */
function multipartOf(ranges: readonly ByteRange[], sizeBytes: number, type: string, boundary: string) {
  const heads = ranges.map((range, index) =>
    Buffer.from(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: ${formatContentRange(range, sizeBytes)}\r\n\r\n`,
    ),
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const partsBytes = ranges.reduce(
    (sum, range, index) => sum + (heads[index]?.length ?? 0) + range.end - range.start,
    0,
  );
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    sizeBytes: partsBytes + end.length,
    async *body(read: (range: ByteRange) => AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
      for (const [index, range] of ranges.entries()) {
        yield heads[index] ?? Buffer.alloc(0);
        yield* read(range);
      }
      yield end;
    },
  };
}
