import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openJournalFile, orNothing } from "../journal-file.ts";

const pendingMax = 1000;

/**
 * Content that `get` last wrote or found equal at each local path, which shows local changes. If it is lost, the
 * versions on the server mostly replace it.
 */
export class FetchedFiles {
  readonly #database: DatabaseSync | undefined;
  readonly #pending = new Map<string, Fetched>();

  constructor(configFolder: string) {
    this.#database = orNothing(() => {
      mkdirSync(configFolder, { recursive: true, mode: 0o700 });
      return openJournalFile(
        join(configFolder, "fetched.sqlite"),
        "CREATE TABLE IF NOT EXISTS fetched (path TEXT PRIMARY KEY, content TEXT NOT NULL, node_id TEXT NOT NULL) WITHOUT ROWID, STRICT",
      );
    });
  }

  /** @param path absolute */
  find(path: string): Fetched | undefined {
    const pending = this.#pending.get(path);
    if (pending !== undefined) return pending;
    const row = orNothing(() =>
      this.#database?.prepare("SELECT content, node_id FROM fetched WHERE path = ?").get(path),
    );
    return row === undefined ? undefined : { content: String(row["content"]), nodeId: String(row["node_id"]) };
  }

  record(path: string, fetched: Fetched): void {
    this.#pending.set(path, fetched);
    if (this.#pending.size >= pendingMax) this.#flush();
  }

  close(): void {
    this.#flush();
    this.#database?.close();
  }

  #flush(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    if (pending.length === 0) return;
    orNothing(() => {
      const record = this.#database?.prepare("INSERT OR REPLACE INTO fetched VALUES (?, ?, ?)");
      this.#database?.exec("BEGIN IMMEDIATE");
      for (const [path, { content, nodeId }] of pending) record?.run(path, content, nodeId);
      this.#database?.exec("COMMIT");
    });
  }
}

export interface Fetched {
  /** Content id of a file, or the result of `contentOfLink`. */
  readonly content: string;
  readonly nodeId: string;
}

export const linkPrefix = "link ";

/** Returns a key for a symbolic link that differs from every content id. */
export function contentOfLink(target: string): string {
  return `${linkPrefix}${target}`;
}
