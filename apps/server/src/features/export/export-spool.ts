import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/core/errors";
import type { VersionId } from "@holdfast/core/ids";
import type { TarEntry } from "@holdfast/protocol/write-tar";

/** Node whose path is not known yet. */
export interface SpooledNode {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly isFolder: boolean;
  readonly isTrashed: boolean;
  readonly facts: string;
}

/** Node with its path. Parents come before children. */
export interface PlacedSpooled extends SpooledNode {
  readonly seq: number;
  readonly path: string;
  readonly inTrash: boolean;
}

export interface SpooledEntry extends Pick<
  TarEntry,
  "path" | "kind" | "mode" | "mtimeMicros" | "sizeBytes" | "target"
> {
  readonly versionId?: VersionId | undefined;
}

/** List of an archive's content at one moment, on disk, so that any number of files needs little memory. */
export class ExportSpool {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #bytes = new Map<string, number>();
  #isOpen = true;

  constructor(folder: string, name: string) {
    this.#path = join(folder, `${name}${spoolSuffix}`);
    this.#database = attempt(() => new DatabaseSync(this.#path));
    try {
      // A crash discards the file.
      attempt(() => this.#database.exec(`pragma journal_mode = off; pragma synchronous = off; ${schema}`));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      this.#database.close();
    } finally {
      rmSync(this.#path, { force: true });
    }
  }

  addNodes(nodes: readonly SpooledNode[]): void {
    this.#together(() => {
      const insert = this.#statement(
        "insert into nodes (id, parent_id, name, is_folder, trashed, facts) values (?, ?, ?, ?, ?, ?)",
      );
      for (const { id, parentId, name, isFolder, isTrashed, facts } of nodes)
        insert.run(id, parentId, name, Number(isFolder), Number(isTrashed), facts);
    });
  }

  placeTops(rootId: string): void {
    this.#together(() => {
      this.#statement("insert into places (id, path, in_trash) select id, '', 0 from nodes where id = ?").run(rootId);
      this.#statement(
        "insert into places (id, path, in_trash) select id, name, 1 from nodes where trashed = 1 order by id",
      ).run();
    });
  }

  placedAfter(after: number, count: number): PlacedSpooled[] {
    const rows = this.#all(
      `select p.seq, p.path, p.in_trash, n.* from places p join nodes n on n.id = p.id where p.seq > ? order by p.seq limit ?`,
      after,
      count,
    );
    return rows.map((row) => ({
      seq: Number(row["seq"]),
      path: String(row["path"]),
      inTrash: row["in_trash"] === 1,
      id: String(row["id"]),
      parentId: row["parent_id"] as string | null,
      name: String(row["name"]),
      isFolder: row["is_folder"] === 1,
      isTrashed: row["trashed"] === 1,
      facts: String(row["facts"]),
    }));
  }

  /** Places a folder's children that were not deleted themselves. @returns the position; null at the end */
  placeChildren(folder: PlacedSpooled, after: string, count: number): string | null {
    const children = this.#all(
      "select id, name from nodes where parent_id = ? and id > ? and trashed = 0 order by id limit ?",
      folder.id,
      after,
      count,
    );
    this.#together(() => {
      const insert = this.#statement("insert into places (id, path, in_trash) values (?, ?, ?)");
      for (const { id, name } of children)
        insert.run(String(id), `${folder.path}/${String(name)}`, Number(folder.inTrash));
    });
    return children.length < count ? null : String(children.at(-1)?.["id"]);
  }

  isPlaced(nodeId: string): boolean {
    return this.#all("select 1 from places where id = ?", nodeId).length > 0;
  }

  addLines(document: string, values: readonly unknown[]): void {
    this.addTexts(
      document,
      values.map((value) => `${JSON.stringify(value)}\n`),
    );
  }

  addTexts(document: string, lines: readonly string[]): void {
    this.#together(() => {
      const insert = this.#statement("insert into lines (document, line) values (?, ?)");
      for (const line of lines) insert.run(document, line);
    });
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    this.#bytes.set(document, this.bytesOf(document) + bytes);
  }

  bytesOf(document: string): number {
    return this.#bytes.get(document) ?? 0;
  }

  *linesOf(document: string): Generator<string, void, undefined> {
    for (let after = 0; ;) {
      const rows = this.#all(
        "select seq, line from lines where document = ? and seq > ? order by seq limit 500",
        document,
        after,
      );
      for (const { line } of rows) yield String(line);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = Number(last["seq"]);
    }
  }

  addEntries(entries: readonly SpooledEntry[]): void {
    this.#together(() => {
      const insert = this.#statement(
        "insert into entries (path, kind, mode, mtime, size, target, version_id) values (?, ?, ?, ?, ?, ?, ?)",
      );
      for (const { path, kind, mode, mtimeMicros, sizeBytes, target, versionId } of entries)
        insert.run(path, kind, mode, mtimeMicros, sizeBytes, target ?? null, versionId ?? null);
    });
  }

  *entries(): Generator<SpooledEntry, void, undefined> {
    for (let after = 0; ;) {
      const rows = this.#all("select * from entries where seq > ? order by seq limit 200", after);
      for (const row of rows) yield toEntry(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = Number(last["seq"]);
    }
  }

  /** @returns the new contents */
  addContents<Content extends { readonly contentId: string; readonly sizeBytes: number; readonly entry: string }>(
    contents: readonly Content[],
  ): Content[] {
    return this.#together(() => {
      const insert = this.#statement("insert or ignore into contents (content_id) values (?)");
      return contents.filter(({ contentId }) => insert.run(contentId).changes === 1);
    });
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    const [row] = this.#all("select count(*) as entries, coalesce(sum(size), 0) as bytes from entries");
    return { entries: Number(row?.["entries"]), bytes: Number(row?.["bytes"]) };
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const made = this.#database.prepare(text);
    this.#statements.set(text, made);
    return made;
  }

  #all(text: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return attempt(() => this.#statement(text).all(...values)) as Record<string, unknown>[];
  }

  #together<Result>(write: () => Result): Result {
    return attempt(() => {
      this.#database.exec("begin");
      const result = write();
      this.#database.exec("commit");
      return result;
    });
  }
}

export const spoolSuffix = ".export";

const schema = `
  create table nodes (id text primary key, parent_id text, name text, is_folder integer, trashed integer, facts text) without rowid;
  create index children on nodes (parent_id, id);
  create table places (seq integer primary key autoincrement, id text unique, path text, in_trash integer);
  create table lines (seq integer primary key autoincrement, document text, line text);
  create index lines_of on lines (document, seq);
  create table contents (content_id text primary key) without rowid;
  create table entries (seq integer primary key autoincrement, path text, kind text, mode integer, mtime integer, size integer,
    target text, version_id text);`;

/** SQLITE_FULL, https://www.sqlite.org/rescode.html */
const full = 13;

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    if (error instanceof Error && Reflect.get(error, "errcode") === full)
      throw new HoldfastError(
        "store_full",
        "The server's disk has no space for the list of files to export. An administrator has to free some space on it.",
        { cause: error },
      );
    throw new HoldfastError("unavailable", "The list of files to export could not be stored on the server's disk.", {
      cause: error,
    });
  }
}

function toEntry(row: Record<string, unknown>): SpooledEntry {
  return {
    path: String(row["path"]),
    kind: row["kind"] as SpooledEntry["kind"],
    mode: Number(row["mode"]),
    mtimeMicros: Number(row["mtime"]),
    sizeBytes: Number(row["size"]),
    ...(row["target"] === null ? {} : { target: row["target"] as string }),
    ...(row["version_id"] === null ? {} : { versionId: row["version_id"] as VersionId }),
  };
}
