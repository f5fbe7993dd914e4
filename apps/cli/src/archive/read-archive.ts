import { createReadStream, lstatSync, realpathSync, statSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import {
  archiveComment,
  type ArchiveComment,
  archiveContent,
  archiveNames,
  archiveNode,
  type ArchiveNode,
  archivePerson,
  archiveStar,
  archiveVersion,
  type ArchiveVersion,
} from "@holdfast/protocol/archive-documents";
import { formatNumber } from "../output/text.ts";
import { parsed, type VerifiedArchive, verifyArchive } from "./verify-archive.ts";

export interface Stretch {
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface ReadArchive extends VerifiedArchive {
  readonly path: string;
  /** Nodes outside the trash, by the id of their parent. */
  readonly children: ReadonlyMap<string, readonly ArchiveNode[]>;
  readonly root: ArchiveNode;
  readonly trashed: number;
  /** Versions in order, by the id of their file. */
  readonly versions: ReadonlyMap<string, readonly ArchiveVersion[]>;
  readonly comments: readonly ArchiveComment[];
  readonly starred: readonly string[];
  readonly people: ReadonlyMap<string, string>;
  readonly shares: number;
  readonly links: number;
  /** @returns undefined if the archive lacks the content or has it damaged */
  contentOf(contentId: string): Stretch | undefined;
}

/** Limit for all documents together, because they are kept in memory. */
const linesMax = 10_000_000;

/** Writes nothing.  @throws HoldfastError not_found, failed, content_mismatch */
export async function readArchive(
  path: string,
  onBytes: (count: number, ofBytes: number) => void,
): Promise<ReadArchive> {
  const sizeBytes = sizeOf(path);
  const found = new Documents();
  const entries = new Map<string, Stretch>();
  const verified = await verifyArchive(createReadStream(path, { highWaterMark: 1024 * 1024 }), {
    onBytes: (count) => onBytes(count, sizeBytes),
    onEntry: ({ path: name, kind, offset, sizeBytes: length }) => {
      if (kind !== "file") return;
      if (entries.has(name)) throw new HoldfastError("failed", `${JSON.stringify(name)} is in the archive twice.`);
      if (entries.size >= linesMax) throw tooMany();
      entries.set(name, { offset, sizeBytes: length });
    },
    onLine: (document, value) => found.add(document, value),
  }).catch((thrown: unknown) => {
    // `unreachable` suggests a retry, but a truncated file stays truncated.
    if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") throw thrown;
    throw new HoldfastError("failed", thrown.message, { cause: thrown });
  });
  const lacking = new Set(verified.omissions.map(({ entry }) => entry));
  return {
    ...verified,
    ...found.settled(),
    // Resolved, because a later open does not follow links.
    path: realpathSync(path),
    contentOf: (contentId) => {
      const content = found.contents.get(contentId);
      if (content === undefined || lacking.has(content.entry)) return undefined;
      const stretch = entries.get(content.entry);
      if (stretch?.sizeBytes !== content.size) return undefined;
      return stretch;
    },
  };
}

function sizeOf(path: string): number {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    throw new HoldfastError("not_found", `No such file or folder on this computer: ${path}`);
  const stats = statSync(path);
  if (!stats.isFile()) throw new HoldfastError("conflict", `${path} is not a file.`);
  return stats.size;
}

function tooMany(): HoldfastError {
  return new HoldfastError(
    "failed",
    `The archive has more than ${formatNumber(linesMax)} entries, which is the maximum.`,
  );
}

class Documents {
  readonly contents = new Map<string, { readonly entry: string; readonly size: number }>();
  readonly #nodes = new Map<string, ArchiveNode>();
  readonly #versions = new Map<string, ArchiveVersion[]>();
  readonly #comments: ArchiveComment[] = [];
  readonly #starred: string[] = [];
  readonly #people = new Map<string, string>();
  readonly #counted = new Map<string, number>();
  #lines = 0;

  add(document: string, value: unknown): void {
    this.#lines += 1;
    if (this.#lines > linesMax) throw tooMany();
    this.#counted.set(document, (this.#counted.get(document) ?? 0) + 1);
    if (document === archiveNames.nodes) this.#addNode(parsed(archiveNode, value, document));
    else if (document === archiveNames.versions) {
      const version = parsed(archiveVersion, value, document);
      const known = this.#versions.get(version.node_id);
      if (known === undefined) this.#versions.set(version.node_id, [version]);
      else known.push(version);
    } else if (document === archiveNames.contents) {
      const { content_id: id, entry, size } = parsed(archiveContent, value, document);
      this.contents.set(id, { entry, size });
    } else if (document === archiveNames.comments) this.#comments.push(parsed(archiveComment, value, document));
    else if (document === archiveNames.stars) this.#starred.push(parsed(archiveStar, value, document).node_id);
    else if (document === archiveNames.people) {
      const { id, name } = parsed(archivePerson, value, document);
      this.#people.set(id, name);
    }
  }

  settled() {
    const live = [...this.#nodes.values()].filter(({ in_trash: isTrashed }) => !isTrashed);
    const roots = live.filter(({ parent_id: parent }) => parent === null);
    const [root] = roots;
    if (root?.kind !== "folder" || roots.length !== 1)
      throw new HoldfastError("failed", "The archive must have exactly one root folder.");
    for (const node of live) this.#assertParent(node);
    for (const versions of this.#versions.values()) versions.sort((left, right) => left.number - right.number);
    return {
      root,
      children: Map.groupBy(
        live.filter((node) => node !== root),
        ({ parent_id: parent }) => parent ?? "",
      ),
      trashed: this.#nodes.size - live.length,
      versions: this.#versions as ReadonlyMap<string, readonly ArchiveVersion[]>,
      comments: this.#comments,
      starred: this.#starred,
      people: this.#people as ReadonlyMap<string, string>,
      shares: this.#counted.get(archiveNames.shares) ?? 0,
      links: this.#counted.get(archiveNames.links) ?? 0,
    };
  }

  #addNode(node: ArchiveNode): void {
    if (this.#nodes.has(node.id)) throw new HoldfastError("failed", `The archive has ${node.path} twice.`);
    this.#nodes.set(node.id, node);
  }

  /** The parent must not be a link, a file or the node itself. */
  #assertParent({ parent_id: parentId, path }: ArchiveNode): void {
    if (parentId === null) return;
    const parent = this.#nodes.get(parentId);
    if (parent?.kind !== "folder" || parent.in_trash)
      throw new HoldfastError("failed", `${JSON.stringify(path)} in the archive is not in a folder.`);
  }
}
