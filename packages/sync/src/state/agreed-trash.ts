import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ContentKey } from "../model/trees.ts";

/**
 * Files that this device moved to its local trash while the server's newest version had the same bytes: path -> content. Files without a row may
 * be the only copy of their bytes. There may be very many rows, so they are read only when they are needed.
 */
export class AgreedTrash {
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #below: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(
      "create table if not exists agreed_trash (path text primary key, content text not null) strict, without rowid",
    );
    this.#get = database.prepare("select content from agreed_trash where path = ?");
    this.#put = database.prepare(
      "insert into agreed_trash (path, content) values (?, ?) on conflict (path) do update set content = excluded.content",
    );
    this.#remove = database.prepare("delete from agreed_trash where path = ?");
    // A slash is followed by "0" in the order of the keys.
    this.#below = database.prepare("select path from agreed_trash where path > ?1 || '/' and path < ?1 || '0'");
  }

  /** The bytes that it had when it went there. */
  get(path: string): ContentKey | undefined {
    return this.#get.get(path)?.["content"] as ContentKey | undefined;
  }

  below(folder: string): string[] {
    return this.#below.all(folder).map(({ path }) => String(path));
  }

  /** Within the caller's transaction. */
  store(changes: Iterable<readonly [string, ContentKey | undefined]>): void {
    for (const [path, content] of changes) {
      if (content === undefined) this.#remove.run(path);
      else this.#put.run(path, content);
    }
  }
}
