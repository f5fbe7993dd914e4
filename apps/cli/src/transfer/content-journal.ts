import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { openJournalFile, orNothing } from "./journal-file.ts";
import type { FileStamp } from "./read-files.ts";

/** During a write, times may not change for this long, so more recent files are not recorded. */
const grainMs = 50;

/** Content ids by path and stamp, so that unchanged files need not be read again. */
export class ContentJournal {
  readonly #tables: Tables | undefined;
  /** Set after an error of the disk or another process. The transfer continues without the journal. */
  #isLost = false;
  #pending: [string, FileStamp, string][] = [];

  constructor(configFolder: string) {
    this.#tables = orNothing(() => {
      mkdirSync(configFolder, { recursive: true, mode: 0o700 });
      return openTables(join(configFolder, "put-journal.sqlite"));
    });
  }

  find(path: string, { sizeBytes, mtimeNanos, ctimeNanos, inode }: FileStamp): string | undefined {
    const row = this.#attempt(({ find }) =>
      find.get(path, sizeBytes, ...[mtimeNanos, ctimeNanos, inode].map(storable)),
    );
    return row === undefined ? undefined : String(row["content_id"]);
  }

  /** @param readAtMs Unix milliseconds before the file was opened */
  record(path: string, stamp: FileStamp, contentId: string, readAtMs: number): void {
    const quietSince = BigInt(Math.floor(readAtMs - grainMs)) * 1_000_000n;
    if (stamp.mtimeNanos >= quietSince || stamp.ctimeNanos >= quietSince) return;
    this.#pending.push([path, stamp, contentId]);
    if (this.#pending.length >= 1000) this.#flush();
  }

  close(): void {
    this.#flush();
    this.#tables?.database.close();
  }

  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    this.#attempt(({ database, record }) => {
      database.exec("BEGIN IMMEDIATE");
      for (const [path, { sizeBytes, mtimeNanos, ctimeNanos, inode }, contentId] of pending) {
        record.run(path, sizeBytes, ...[mtimeNanos, ctimeNanos, inode].map(storable), contentId);
      }
      database.exec("COMMIT");
    });
  }

  #attempt<Result>(act: (tables: Tables) => Result): Result | undefined {
    const tables = this.#tables;
    if (tables === undefined || this.#isLost) return undefined;
    const done = orNothing(() => ({ result: act(tables) }));
    this.#isLost = done === undefined;
    return done?.result;
  }
}

interface Tables {
  readonly database: DatabaseSync;
  readonly find: StatementSync;
  readonly record: StatementSync;
}

function openTables(path: string): Tables {
  const database = openJournalFile(
    path,
    `CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
       ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, content_id TEXT NOT NULL) WITHOUT ROWID, STRICT`,
  );
  return {
    database,
    find: database.prepare(
      "SELECT content_id FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ? AND inode = ?",
    ),
    record: database.prepare("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)"),
  };
}

/** An inode, or a time after the year 2262, may exceed SQLite's signed 64-bit integers. */
function storable(number: bigint): bigint {
  return BigInt.asIntN(64, number);
}
