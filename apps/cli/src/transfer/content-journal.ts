import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { FileStamp } from "./read-files.ts";

/** A file's times may stand still for this long while it is written: what was touched so shortly before is not recorded. */
const grainMs = 50;

/**
 * What content the files of this machine were seen to have, by path and stamp, so that an unchanged file need not be read
 * again to know it. A cache: losing it costs time and nothing else.
 */
export class ContentJournal {
  readonly #tables: Tables | undefined;
  /** What the disk or another process refused once is not tried again: the transfer goes on without it. */
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

  /** @param readAtMs Unix milliseconds before the file was opened to be read */
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
  const database = open(path);
  return {
    database,
    find: database.prepare(
      "SELECT content_id FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ? AND inode = ?",
    ),
    record: database.prepare("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)"),
  };
}

/** Undefined where the system or SQLite refuses: what costs time and nothing else must not end a transfer. */
function orNothing<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof Error && typeof Reflect.get(thrown, "code") === "string") return undefined;
    throw thrown;
  }
}

/** An inode, or a time after the year 2262, may have more bits than a number of the database. */
function storable(number: bigint): bigint {
  return BigInt.asIntN(64, number);
}

function open(path: string): DatabaseSync {
  try {
    return prepare(path);
  } catch (thrown) {
    const damaged = thrown instanceof Error && [11, 26].includes(Number(Reflect.get(thrown, "errcode")));
    if (!damaged) throw thrown;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return prepare(path);
  }
}

function prepare(path: string): DatabaseSync {
  // It names files of the user; SQLite itself would make it readable for all.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(
    `CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
       ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, content_id TEXT NOT NULL) WITHOUT ROWID, STRICT`,
  );
  return database;
}
