import { createHash, type Hash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import {
  archiveFormat,
  archiveFormatVersion,
  type ArchiveHead,
  archiveNames,
  manifestLine,
} from "@holdfast/protocol/archive-documents";
import { type TarEntry, tarEnd, tarHeader, tarPadding } from "@holdfast/protocol/write-tar";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import type { ReadingOptions } from "../../packs/service/block-service.ts";
import { Gathering } from "../content/gathering.ts";
import { readVersion } from "../content/read-version.ts";
import type { VersionRow } from "../../base/db/shard-tables.ts";
import type { ExportSpool, SpooledEntry } from "./export-spool.ts";
import { type ContentParts, inGroups, isLost, readTogether } from "../content/read-together.ts";

export interface ArchiveRequest {
  readonly spool: ExportSpool;
  readonly caller: Caller;
  readonly serverId: string;
  readonly withVersions: boolean;
  readonly atMicros: number;
  readonly reading: Required<Pick<ReadingOptions, "signal" | "reading">>;
}

const documents = [
  archiveNames.account,
  archiveNames.people,
  archiveNames.devices,
  archiveNames.nodes,
  archiveNames.versions,
  archiveNames.contents,
  archiveNames.comments,
  archiveNames.stars,
  archiveNames.shares,
  archiveNames.links,
  archiveNames.sharedWithMe,
];

/** Streams an archive (docs/archive.md) from the list. A piece is valid only until the next is requested. */
export async function* writeArchive(parts: ContentParts, request: ArchiveRequest): AsyncGenerator<Uint8Array> {
  const gathering = new Gathering();
  for await (const piece of new Archive(parts, request).pieces()) yield* gathering.add(piece);
  yield* gathering.end();
}

class Archive {
  readonly #parts: ContentParts;
  readonly #request: ArchiveRequest;
  #files = 0;
  #omitted = 0;

  constructor(parts: ContentParts, request: ArchiveRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const { spool, caller, serverId, withVersions, atMicros } = this.#request;
    const { entries, bytes } = spool.totals();
    const head: ArchiveHead = {
      format: archiveFormat,
      format_version: archiveFormatVersion,
      server_id: serverId,
      account_id: caller.userId,
      exported_at: formatTime(atMicros),
      with_versions: withVersions,
      entries,
      bytes,
    };
    yield* this.#text(archiveNames.head, `${JSON.stringify(head)}\n`);
    yield* this.#text(archiveNames.readme, readme);
    for (const name of documents) yield* this.#document(name);
    for (const group of inGroups(spool.entries())) {
      const contents = await readTogether(this.#parts, caller.spaceId, group, this.#reading);
      for (const entry of group) {
        if (entry.kind === "file") yield* this.#file(entry, contents.get(entry));
        else yield* tarHeader(entry);
      }
    }
    yield* this.#document(archiveNames.omissions);
    const manifest = yield* this.#document(archiveNames.manifest);
    const end = { complete: true, entries: this.#files, omitted: this.#omitted, manifest_sha256: manifest };
    yield* this.#text(archiveNames.end, `${JSON.stringify(end)}\n`);
    yield tarEnd;
  }

  /** Omits purged files and replaces unreadable content with zeros; records both. */
  async *#file(entry: SpooledEntry, read: Uint8Array | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    const version = read === undefined ? await this.#versionOf(entry) : undefined;
    const content = version === undefined ? read && [read] : this.#contentOf(version);
    if (content === undefined) {
      this.#omit(entry.path, "gone");
      return;
    }
    yield* tarHeader(entry);
    const sum = createHash("sha256");
    const failure = yield* padded(entry.sizeBytes, summed(content, sum), sum);
    if (failure !== undefined) this.#omit(entry.path, "damaged");
    this.#note(entry.path, entry.sizeBytes, sum);
    yield tarPadding(entry.sizeBytes);
  }

  async #versionOf({ versionId, sizeBytes }: SpooledEntry): Promise<VersionRow | undefined> {
    const { spaceId } = this.#request.caller;
    if (versionId === undefined) return undefined;
    const { rows } = await sql<VersionRow>`
      select * from shard.versions where space_id = ${spaceId} and id = ${versionId}`.execute(
      this.#parts.shards.ofId(spaceId).db,
    );
    return rows[0]?.size === sizeBytes ? rows[0] : undefined;
  }

  #contentOf(version: VersionRow): AsyncGenerator<Uint8Array, void, undefined> {
    const options = { ...this.#reading, passing: true };
    return readVersion(this.#parts, version, { start: 0, end: version.size }, options);
  }

  get #reading(): ReadingOptions {
    return { ...this.#request.reading, asOwner: true };
  }

  *#text(path: string, text: string): Generator<Uint8Array, void, undefined> {
    const bytes = Buffer.from(text);
    yield* tarHeader(this.#documentEntry(path, bytes.length));
    yield bytes;
    this.#note(path, bytes.length, createHash("sha256").update(bytes));
    yield tarPadding(bytes.length);
  }

  /** @returns the SHA-256 */
  *#document(path: string): Generator<Uint8Array, string, undefined> {
    const { spool } = this.#request;
    const sizeBytes = spool.bytesOf(path);
    yield* tarHeader(this.#documentEntry(path, sizeBytes));
    const sum = createHash("sha256");
    for (const line of spool.linesOf(path)) {
      const bytes = Buffer.from(line);
      sum.update(bytes);
      yield bytes;
    }
    yield tarPadding(sizeBytes);
    return this.#note(path, sizeBytes, sum);
  }

  #documentEntry(path: string, sizeBytes: number): TarEntry {
    return { path, kind: "file", mode: 0o644, mtimeMicros: this.#request.atMicros, sizeBytes };
  }

  #note(path: string, sizeBytes: number, sum: Hash): string {
    const sha256 = sum.digest("hex");
    this.#files += 1;
    // The manifest lists neither itself nor the entry after it.
    if (path !== archiveNames.manifest && path !== archiveNames.end)
      this.#request.spool.addTexts(archiveNames.manifest, [manifestLine(path, sizeBytes, sha256)]);
    return sha256;
  }

  #omit(entry: string, reason: "gone" | "damaged"): void {
    this.#omitted += 1;
    this.#request.spool.addLines(archiveNames.omissions, [{ entry, reason }]);
  }
}

async function* summed(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sum: Hash,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of content) {
    sum.update(piece);
    yield piece;
  }
}

const zeros = new Uint8Array(64 * 1024);

/**
 * Passes on content. Fills an unreadable rest with zeros, because its length is already in the header.
 * @returns the error, if any
 */
async function* padded(
  sizeBytes: number,
  content: AsyncIterable<Uint8Array>,
  sum: Hash,
): AsyncGenerator<Uint8Array, HoldfastError | undefined> {
  let left = sizeBytes;
  try {
    for await (const piece of content) {
      left -= piece.length;
      yield piece;
    }
  } catch (thrown) {
    if (!isLost(thrown)) throw thrown;
    for (; left > 0; left -= zeros.length) {
      const piece = zeros.subarray(0, Math.min(left, zeros.length));
      sum.update(piece);
      yield piece;
    }
    return thrown;
  }
  if (left !== 0) throw new HoldfastError("internal", "The length of a version does not match its row.");
  return undefined;
}

const readme = `This tar archive contains a complete account of Holdfast, a file server. Any tar program can open it.

files/          the files and folders
versions/       content that is no longer in any file: older versions and the trash
documents/      lists in JSON, one entry per line: the name and time of each file, versions, comments, and so on
omissions.jsonl content that could not be read and is missing or incomplete
manifest.jsonl  the SHA-256 of each file before it in this archive
end.json        proves that the archive is complete

To import it on another server, run 'holdfast import FILE'. docs/archive.md of Holdfast describes the format.
`;
