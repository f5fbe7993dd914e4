import type { Clock } from "@holdfast/core/clock";
import { type VersionId, isId } from "@holdfast/core/ids";
import type { BlockService, ReadingOptions } from "../../blocks/block-service.ts";
import { readVersion } from "../../content/read-version.ts";
import { zipFolder } from "../../content/zip-folder.ts";
import type { VersionRow } from "../../db/shard-tables.ts";
import type { Shards } from "../../db/shards.ts";
import { countDownload, type Download } from "../../links/count-download.ts";
import { listDifference } from "../../metadata/read/list-difference.ts";
import { findNode, followMount } from "../../metadata/read/look-up.ts";
import type { PlacedNode } from "../../metadata/read/placed-node.ts";
import { findVersion } from "../../metadata/content/manifests.ts";
import { mimeTypeOf } from "../../metadata/read/node-json.ts";
import { readEntityTags } from "./conditions.ts";
import { contentDisposition } from "./content-disposition.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../handler.ts";
import { manifestsText, manifestText, splicesText } from "./manifest-texts.ts";
import { primed } from "../blocks/primed.ts";
import { type ByteRange, formatContentRange, parseRange } from "./ranges.ts";
import { StreamedJson } from "./streamed-json.ts";

interface ReadingWays extends Required<Pick<ReadingOptions, "signal" | "reading">> {
  /** Called before the first byte, unless there will be none. */
  readonly begin: (download: Omit<Download, "source">) => Promise<void>;
}

/** Content on its way out: as a file, as a zip, as a list of blocks. */
export function downloadHandlers({
  shards,
  blocks,
  boundary,
  clock,
}: {
  shards: Shards;
  blocks: BlockService;
  boundary: () => string;
  clock: Clock;
}) {
  return {
    download: async ({ caller, params, query, headers, head, signal, reading, peer }) => {
      const source = addressGroup(peer.address);
      const begin = async (download: Omit<Download, "source">) => {
        if (!head) await countDownload({ shards, nowMicros: clock.nowMicros() }, caller, { ...download, source });
      };
      const found = await findNode(shards, caller, params.id);
      const folder = await followMount(shards, caller, found);
      if (folder.row.kind === "folder") {
        return downloadFolder(folder, found.row.name, head, { signal, reading, begin });
      }
      const version = await findVersion(shards, found.row, query.version);
      return downloadFile(found, version, headers, head, { signal, reading, begin });
    },
    getManifest: async ({ caller, params, query }) => {
      const { row } = await findNode(shards, caller, params.id);
      const version = await findVersion(shards, row, query.version);
      const shard = shards.ofId(row.space_id);
      const base = query.base === undefined ? undefined : await findVersion(shards, row, query.base);
      const splices = base === undefined ? undefined : await listDifference(shard, base, version);
      const texts = splices === undefined ? manifestText(shard, version) : splicesText(version, splices);
      return { status: 200, json: new StreamedJson(texts) };
    },
    queryManifests: ({ caller, body }) => {
      const ids = body.version_ids.filter((id) => isId(id)) as VersionId[];
      return { status: 200, json: new StreamedJson(manifestsText(shards, caller, ids)) };
    },
  } satisfies Handlers;

  async function downloadFile(
    found: PlacedNode,
    version: VersionRow,
    headers: Record<string, string | string[] | undefined>,
    head: boolean,
    { begin, ...ways }: ReadingWays,
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
    const rangeBytes = ranges?.reduce((sum, { start, end }) => sum + end - start, 0);
    await begin({ version: { id: version.id, size: version.size }, rangeBytes });
    const options = { ...ways, passing: true };
    const read = (range: ByteRange) => readVersion({ shards, blocks }, version, range, options);
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

  async function downloadFolder(folder: PlacedNode, title: string, head: boolean, { begin, ...ways }: ReadingWays) {
    await begin({});
    const name = `${title === "" ? "Holdfast" : title}.zip`;
    const headers = { ...safeContentHeaders(name), "content-type": "application/zip" };
    const bytes = head ? "" : zipFolder({ shards, blocks }, folder, ways);
    return { status: 200 as const, bytes, headers };
  }
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
