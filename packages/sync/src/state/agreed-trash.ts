import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ContentKey } from "../model/trees.ts";

/**
 * Path -> content of files moved to the local trash while the server's newest version had the same bytes. A file
 * without a row may be the only copy of its bytes. Read on demand: there may be very many.
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
    // "0" follows the slash in key order.
    this.#below = database.prepare("select path from agreed_trash where path > ?1 || '/' and path < ?1 || '0'");
  }

  get(path: string): ContentKey | undefined {
    return this.#get.get(path)?.["content"] as ContentKey | undefined;
  }

  below(folder: string): string[] {
    return this.#below.all(folder).map(({ path }) => String(path));
  }

  /** Runs in the caller's transaction. */
  store(changes: Iterable<readonly [string, ContentKey | undefined]>): void {
    for (const [path, content] of changes) {
      if (content === undefined) this.#remove.run(path);
      else this.#put.run(path, content);
    }
  }
}
