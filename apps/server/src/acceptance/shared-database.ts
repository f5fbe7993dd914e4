import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { copyTemplate, silentLog } from "../base/db/testing.ts";

export interface SharedDatabase {
  readonly postgres: EmbeddedPostgres;
  readonly url: string;
}

/** Separate database process for several servers, already migrated. @param folder folder of the test */
export async function startSharedDatabase(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SharedDatabase> {
  mkdirSync(`${folder}/database`, { mode: 0o711 });
  await copyTemplate(`${folder}/database`);
  const options = { dataFolder: `${folder}/database`, log: silentLog, random: randomBytes, loopback: true, settings };
  const postgres = await startEmbeddedPostgres(options);
  const { user, password, host, port, database } = postgres.connection;
  return { postgres, url: `postgres://${user}:${String(password)}@${host}:${port}/${database}` };
}

export async function queryUrl(url: string, statement: string): Promise<pg.QueryResult["rows"]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
