import type { BlockService, ReadingOptions } from "../../packs/service/block-service.ts";
import { readVersion } from "../../features/content/read-version.ts";
import { LiveSight } from "../../features/content/live-sight.ts";
import { whileOpen } from "../../features/content/while-open.ts";
import { zipFolder, type ZippedNode, zipNodes } from "../../features/content/zip-nodes.ts";
import type { VersionRow } from "../../base/db/shard-tables.ts";
import { countDownload, type Download, type TakeBack } from "../../features/links/count-download.ts";
import { countingUnsent } from "../../features/links/count-unsent.ts";
import { findVersion } from "../../tree/content/manifests.ts";
import { findNode, followMount } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { CredentialWorld } from "../../features/accounts/context/overdue.ts";
import { perCaller } from "../accounts/cache-cookie.ts";
import { primed } from "../blocks/primed.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { RequestContext } from "../exchange/handler.ts";
import { readEntityTags } from "../exchange/conditions.ts";
import { contentHeaders } from "./content-headers.ts";
import { multipartOf } from "./multipart-ranges.ts";
import { type ByteRange, formatContentRange, parseRange } from "../exchange/ranges.ts";

export interface DownloadParts extends CredentialWorld {
  readonly blocks: BlockService;
  /** Separator of multipart responses. It must not appear in the content. */
  readonly boundary: () => string;
}

export interface DownloadRequest extends Pick<
  RequestContext,
  "headers" | "head" | "signal" | "reading" | "peer" | "note"
> {
  readonly caller: Caller;
}

export interface Wanted {
  readonly id: string;
  /** Number or id; undefined: the latest version. */
  readonly version?: string | undefined;
  /** Browsers save the content. Otherwise they display types that cannot run code. */
  readonly isSaved?: boolean;
}

interface ReadingWays extends Required<Pick<ReadingOptions, "signal" | "reading">> {
  readonly sight: LiveSight;
  /** Passes the content on while the caller may read it. */
  readonly guard: (content: AsyncGenerator<Uint8Array>) => AsyncGenerator<Uint8Array>;
  /** Called before the first byte, but not for an empty response. */
  readonly begin: (download: Omit<Download, "source">) => Promise<TakeBack | undefined>;
}

/**
 * Sends a file with ranges and conditions, or a folder as a zip.
 * @throws HoldfastError not_found, range, or forbidden for a used-up link
 */
export async function serveDownload(parts: DownloadParts, request: DownloadRequest, wanted: Wanted) {
  const { shards } = parts;
  const found = await findNode(shards, request.caller, wanted.id);
  request.note({ nodeIds: [found.row.id] });
  const folder = await followMount(shards, request.caller, found);
  if (folder.row.kind !== "folder") {
    const version = await findVersion(shards, found.row, wanted.version);
    return serveFile(parts, request, { found, version, isSaved: wanted.isSaved ?? false });
  }
  const { begin, guard, ...ways } = waysOf(parts, request, [folder]);
  await begin({});
  return zipAnswer(found.row.name, guard(zipFolder(parts, folder, ways)));
}

/**
 * @param name without `.zip`
 * @throws HoldfastError forbidden for a used-up link
 */
export async function serveZip(
  parts: DownloadParts,
  request: DownloadRequest,
  nodes: readonly ZippedNode[],
  name: string,
) {
  const shown = nodes.map(({ node }) => node);
  request.note({ nodeIds: shown.map(({ row }) => row.id) });
  const { begin, guard, ...ways } = waysOf(parts, request, shown);
  await begin({});
  return zipAnswer(name, guard(zipNodes(parts, nodes, ways)));
}

function waysOf(parts: DownloadParts, request: DownloadRequest, nodes: readonly PlacedNode[]): ReadingWays {
  const { shards, clock } = parts;
  const { caller, head, signal, reading, peer } = request;
  const source = addressGroup(peer.address);
  const begin = async (download: Omit<Download, "source">) => {
    if (head) return undefined;
    return countDownload({ shards, nowMicros: clock.nowMicros() }, caller, { ...download, source });
  };
  const sight = new LiveSight(parts, caller, nodes);
  const guard = (content: AsyncGenerator<Uint8Array>) => whileOpen(parts, caller, content, sight.stillSees);
  return { signal, reading, sight, guard, begin };
}

/** @param bytes not read for HEAD, so the length stays unknown */
function zipAnswer(name: string, bytes: AsyncGenerator<Uint8Array>) {
  return { status: 200 as const, bytes, headers: contentHeaders(`${name === "" ? unnamed : name}.zip`, true) };
}

/** Name of a downloaded root folder. */
export const unnamed = "Holdfast";

async function serveFile(
  parts: DownloadParts,
  request: DownloadRequest,
  { found, version, isSaved }: { readonly found: PlacedNode; readonly version: VersionRow; readonly isSaved: boolean },
) {
  const { headers, head } = request;
  const { begin, guard, signal, reading } = waysOf(parts, request, [found]);
  const { name } = found.row;
  const etag = `"${version.content_id.toString("hex")}"`;
  const cached = { ...perCaller, etag, "cache-control": "private, no-cache" };
  const common = { ...contentHeaders(name, isSaved), ...cached, "accept-ranges": "bytes" };
  if (matches(headers["if-none-match"], etag)) return { status: 304 as const, headers: cached };
  const rangeHeader = ifRangeHolds(headers["if-range"], etag) ? headers.range : undefined;
  const ranges = parseRange(rangeHeader, version.size);
  const rangeBytes = ranges?.reduce((sum, { start, end }) => sum + end - start, 0);
  const takeBack = await begin({ version: { id: version.id, size: version.size }, rangeBytes });
  const counted = (content: AsyncGenerator<Uint8Array>) =>
    takeBack === undefined ? content : countingUnsent(content, rangeBytes ?? version.size, takeBack);
  const asOwner = request.caller.owns && request.caller.spaceId === version.space_id;
  const options = { signal, reading, passing: true, asOwner };
  const read = (range: ByteRange) => readVersion(parts, version, range, options);
  // HEAD needs no content.
  const open = (content: AsyncGenerator<Uint8Array>) => (head ? content : primed(counted(guard(content))));
  const only = ranges?.[0];
  if (ranges === undefined || only === undefined) {
    const whole = { ...common, "content-length": version.size };
    return { status: 200 as const, bytes: await open(read({ start: 0, end: version.size })), headers: whole };
  }
  if (ranges.length === 1) {
    const part = {
      ...common,
      "content-length": only.end - only.start,
      "content-range": formatContentRange(only, version.size),
    };
    return { status: 206 as const, bytes: await open(read(only)), headers: part };
  }
  const multipart = multipartOf(ranges, version.size, common["content-type"], parts.boundary());
  const several = { ...common, "content-type": multipart.contentType, "content-length": multipart.sizeBytes };
  return { status: 206 as const, bytes: await open(multipart.body(read)), headers: several };
}

function matches(header: string | undefined, etag: string): boolean {
  const tags = readEntityTags("If-None-Match", header);
  return tags === "*" || (tags?.includes(etag.slice(1, -1)) ?? false);
}

/** Dates are too inexact to continue a file. With a date, the whole file is sent. */
function ifRangeHolds(header: string | string[] | undefined, etag: string): boolean {
  return header === undefined || header === etag;
}
