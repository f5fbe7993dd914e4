import { closeSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** A damaged database is deleted and created again. @param schema creates missing tables */
export function openJournalFile(path: string, schema: string): DatabaseSync {
  try {
    return prepare(path, schema);
  } catch (thrown) {
    const damaged = thrown instanceof Error && [11, 26].includes(Number(Reflect.get(thrown, "errcode")));
    if (!damaged) throw thrown;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return prepare(path, schema);
  }
}

/** Returns undefined for an error of the system or SQLite, because a cache must not end a transfer. */
export function orNothing<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (thrown) {
    if (thrown instanceof Error && typeof Reflect.get(thrown, "code") === "string") return undefined;
    throw thrown;
  }
}

function prepare(path: string, schema: string): DatabaseSync {
  // The file has names of user files. SQLite itself would make it readable for all.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(schema);
  return database;
}
