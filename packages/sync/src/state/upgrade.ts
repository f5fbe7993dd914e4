import type { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalRow, RemoteRow, SyncedRow, Trees } from "../model/trees.ts";
import { inTransaction } from "./manifests.ts";
import { decodeRow } from "./json-row.ts";
import type { UnsyncedNodes } from "./unsynced-nodes.ts";
import type { RowTable } from "./row-table.ts";

/** Increase when a table's format or the rule for unsynced nodes changes. */
const version = 3;

interface Tables {
  readonly remote: RowTable<RemoteRow>;
  readonly local: RowTable<LocalRow>;
  readonly synced: RowTable<SyncedRow>;
  readonly intents: Trees["intents"];
  readonly unsynced: UnsyncedNodes;
}

/** Upgrades the tables of an earlier version, all or nothing. An interrupted start repeats it. */
export function upgrade(database: DatabaseSync, tables: Tables): void {
  if (database.prepare("pragma user_version").get()?.["user_version"] === version) return;
  inTransaction(database, () => {
    fromJson(database, "remote", tables.remote);
    fromJson(database, "local", tables.local);
    fromJson(database, "synced", tables.synced);
    database.exec("delete from restless; delete from fresh;");
    const { remote, local, synced, intents, unsynced } = tables;
    const staged = unsynced.stage([remote.keys(), local.keys(), synced.keys(), intents.keys()], tables);
    staged.store();
    staged.show();
    database.exec(`pragma user_version = ${version}`);
  });
}

export function renameTables(database: DatabaseSync): void {
  if (hasTable(database, "rewound")) database.exec("alter table rewound rename to decided");
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(name) !== undefined;
}

function fromJson<Row extends object>(database: DatabaseSync, name: string, rows: RowTable<Row>): void {
  if (!hasTable(database, name)) return;
  for (const { key, row } of database.prepare(`select key, row from ${name}`).iterate()) {
    const staged = rows.stage([[String(key) as NodeId, decodeRow<Row>(String(row))]]);
    staged.store();
    // A failed transaction prevents opening the state.
    staged.show();
  }
  database.exec(`drop table ${name}`);
}
