import { createHash, type Hash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import {
  archiveEnd,
  archiveHead,
  type ArchiveHead,
  archiveNames,
  archiveOmission,
  type ArchiveOmission,
  manifestLine,
} from "@holdfast/protocol/archive-documents";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { type ReadTarEntry, readTar } from "@holdfast/protocol/read-tar";
import type { z } from "zod";

export interface VerifiedArchive {
  readonly head: ArchiveHead;
  readonly files: number;
  readonly omissions: readonly ArchiveOmission[];
}

export interface Watching {
  readonly onHead?: (head: ArchiveHead) => void;
  readonly onEntry?: (entry: Omit<ReadTarEntry, "content">) => void;
  readonly onBytes?: (count: number) => void;
  /** Excludes documents that only list the archive's content. */
  readonly onLine?: (document: string, value: unknown) => void;
}

const lineCharactersMax = 1024 * 1024;
const omissionsMax = 1_000_000;
const read: ReadonlySet<string> = new Set<string>(
  Object.values(archiveNames).filter((name) => name !== archiveNames.readme && name !== archiveNames.manifest),
);

/**
 * Checks each entry against the length and SHA-256 in the manifest, and the manifest against the end of the archive.
 * @throws HoldfastError failed, content_mismatch; unreachable for a truncated archive
 */
export async function verifyArchive(
  source: AsyncIterable<Uint8Array>,
  watching: Watching = {},
): Promise<VerifiedArchive> {
  const reading = new Reading(watching);
  for await (const { content, ...entry } of readTar(source)) {
    watching.onEntry?.(entry);
    await reading.take(entry, content);
  }
  return reading.end();
}

class Reading {
  readonly #watching: Watching;
  readonly #manifest: Hash = createHash("sha256");
  readonly #omissions: ArchiveOmission[] = [];
  readonly #seen = new Set<string>();
  #files = 0;
  #head: ArchiveHead | undefined;
  #manifestSha256: string | undefined;
  #isOver = false;

  constructor(watching: Watching) {
    this.#watching = watching;
  }

  async take(entry: Omit<ReadTarEntry, "content">, content: AsyncIterable<Uint8Array>): Promise<void> {
    const { path, kind, sizeBytes } = entry;
    if (this.#isOver) throw refused(`${JSON.stringify(path)} follows its end entry`);
    if (this.#head === undefined && path !== archiveNames.head)
      throw refused(`it begins with ${JSON.stringify(path)} instead of ${archiveNames.head}`);
    if (path.split("/").some((name) => name === "" || name === "." || name === ".."))
      throw refused(`${JSON.stringify(path)} is not a valid path in an archive`);
    const isContent = path === "files" || path.startsWith("files/") || path.startsWith("versions/");
    if (kind !== "file" && !isContent) throw refused(`${JSON.stringify(path)} is a ${kind}`);
    if (this.#manifestSha256 !== undefined && path !== archiveNames.end)
      throw refused(`${JSON.stringify(path)} follows its manifest`);
    if (kind !== "file") return;
    if (!isContent && this.#seen.has(path)) throw refused(`${JSON.stringify(path)} is in it twice`);
    if (!isContent && this.#seen.size > 100) throw refused(`it has too many entries that are not files`);
    if (!isContent) this.#seen.add(path);
    const sum = createHash("sha256");
    const lines = read.has(path) ? new Lines(path, (value) => this.#line(path, value)) : undefined;
    for await (const piece of content) {
      sum.update(piece);
      lines?.add(piece);
      this.#watching.onBytes?.(piece.length);
    }
    lines?.end();
    this.#note(path, sizeBytes, sum.digest("hex"));
  }

  end(): VerifiedArchive {
    if (this.#head === undefined || !this.#isOver) throw refused("its end entry is missing");
    return { head: this.#head, files: this.#files, omissions: this.#omissions };
  }

  #note(path: string, sizeBytes: number, sha256: string): void {
    if (path === archiveNames.end) return;
    this.#files += 1;
    if (path !== archiveNames.manifest) {
      this.#manifest.update(manifestLine(path, sizeBytes, sha256));
      return;
    }
    this.#manifestSha256 = this.#manifest.digest("hex");
    if (this.#manifestSha256 !== sha256)
      throw new HoldfastError(
        "content_mismatch",
        "The content of the archive does not match its manifest: it was changed or damaged. Export or copy it again.",
      );
  }

  #line(path: string, value: unknown): void {
    if (path === archiveNames.head) {
      this.#head = headOf(value);
      this.#watching.onHead?.(this.#head);
    } else if (path === archiveNames.omissions) {
      if (this.#omissions.length >= omissionsMax) throw refused("too much of it is missing");
      this.#omissions.push(parsed(archiveOmission, value, path));
    } else if (path === archiveNames.end) this.#readEnd(value);
    else this.#watching.onLine?.(path, value);
  }

  #readEnd(value: unknown): void {
    const { entries, manifest_sha256: sha256 } = parsed(archiveEnd, value, archiveNames.end);
    if (entries !== this.#files || sha256 !== this.#manifestSha256)
      throw new HoldfastError(
        "content_mismatch",
        "The end of the archive belongs to another archive, or part of it is missing.",
      );
    this.#isOver = true;
  }
}

function headOf(value: unknown): ArchiveHead {
  const version: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "format_version") : undefined;
  if (typeof version === "number" && version > 1)
    throw new HoldfastError(
      "failed",
      `The archive has format ${version}, which this version of Holdfast cannot read. Use a newer version.`,
    );
  return parsed(archiveHead, value, archiveNames.head);
}

/** @throws HoldfastError failed, with the names of the entry and the field */
export function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown, path: string): z.output<Schema> {
  const result = schema.safeParse(value, { error: issueWords });
  if (result.success) return result.data;
  throw refused(`${path} has an invalid line: ${firstProblem(result.error, "it")}`);
}

function refused(why: string): HoldfastError {
  return new HoldfastError("failed", `This is not an archive of a Holdfast account: ${why}.`);
}

class Lines {
  readonly #path: string;
  readonly #onValue: (value: unknown) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #text = "";

  constructor(path: string, onValue: (value: unknown) => void) {
    this.#path = path;
    this.#onValue = onValue;
  }

  add(piece: Uint8Array): void {
    this.#text += this.#decode(piece);
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    if (this.#text.length > lineCharactersMax) throw refused(`a line of ${this.#path} is not terminated`);
    for (const line of lines) this.#onValue(this.#parse(line));
  }

  end(): void {
    this.#text += this.#decode(undefined);
    if (this.#text !== "") throw refused(`the last line of ${this.#path} is not terminated`);
  }

  #decode(piece: Uint8Array | undefined): string {
    try {
      return this.#decoder.decode(piece, { stream: piece !== undefined });
    } catch (thrown) {
      throw new HoldfastError("failed", `${this.#path} of the archive is not UTF-8.`, { cause: thrown });
    }
  }

  #parse(line: string): unknown {
    try {
      return JSON.parse(line);
    } catch (thrown) {
      throw new HoldfastError("failed", `${this.#path} of the archive has a line that is not JSON.`, { cause: thrown });
    }
  }
}
