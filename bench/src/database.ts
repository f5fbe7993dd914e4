import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@holdfast/server/base/db/embedded-postgres";
import { silentLog } from "@holdfast/server/base/db/testing";

export interface BenchDatabase extends Pick<EmbeddedPostgres, "connection" | "pid" | "stop"> {
  readonly url: string;
}

/** Starts a PostgreSQL like the embedded one on a separate port. @param settings additional settings */
export async function startDatabase(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchDatabase> {
  const dataFolder = `${folder}/database`;
  mkdirSync(dataFolder, { recursive: true, mode: 0o711 });
  const postgres = await startEmbeddedPostgres({
    dataFolder,
    log: silentLog,
    random: randomBytes,
    loopback: true,
    settings,
  });
  const { user, password, host, port, database } = postgres.connection;
  const url = `postgres://${user}:${String(password)}@${host}:${port}/${database}`;
  return { url, connection: postgres.connection, pid: () => postgres.pid(), stop: () => postgres.stop() };
}
