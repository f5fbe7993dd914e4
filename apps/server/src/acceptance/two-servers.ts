import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { EmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { startSharedDatabase } from "./shared-database.ts";
import { makeFolder, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";

export interface TwoServers {
  readonly postgres: EmbeddedPostgres;
  readonly servers: readonly [ServerProcess, ServerProcess];
  readonly stop: () => Promise<void>;
}

export async function startTwoServers(name: string): Promise<TwoServers> {
  const folder = makeFolder(name);
  const { postgres, url } = await startSharedDatabase(folder);
  const env = { HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
  const start = (which: string): Promise<ServerProcess> => {
    mkdirSync(`${folder}/${which}`);
    const args = ["--database-url", url, "--store", `${folder}/store`];
    return spawnServer({ dataFolder: `${folder}/${which}/data`, args, env });
  };
  const servers = [await start("one"), await start("two")] as const;
  const stop = async () => {
    for (const server of servers) await server.stop();
    await postgres.stop();
    removeFolder(folder);
  };
  return { postgres, servers, stop };
}
