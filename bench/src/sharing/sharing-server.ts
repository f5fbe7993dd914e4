import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { Api, type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import type { Connection } from "@holdfast/server/base/db/database";
import { startDatabase } from "../database.ts";
import { type Cost, costOf, countingSettings, openCounts, quietOf, statementsOf } from "./statement-counts.ts";

/** A server in a separate process, with a PostgreSQL that counts statements. */
export interface SharingServer {
  readonly server: ServerProcess;
  /** Signed-in owner of the shared items. */
  readonly owner: Api;
  readonly home: Home;
  readonly connection: Connection;
  /** Inserts rows directly, because a hundred thousand API calls would take too long. */
  readonly fill: (statement: string) => Promise<void>;
  readonly cost: (work: () => Promise<unknown>) => Promise<Cost>;
  /** Waits until no statements run. */
  readonly quiet: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface Home {
  readonly userId: string;
  readonly spaceId: string;
  readonly rootId: string;
}

export async function startSharingServer(folder: string): Promise<SharingServer> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const database = await startDatabase(folder, countingSettings);
  const pool = await openCounts(database.connection);
  const server = await spawnServer({
    dataFolder: `${folder}/data`,
    args: ["--database-url", database.url, "--store", `${folder}/store`],
    env: {
      HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      HOLDFAST_RATE_LIMIT_POLLS: "0",
      ...profiled(),
    },
  });
  const owner = await Api.signIn(server.url);
  const { rows } = await pool.query<Home>(
    `select id as "userId", space_id as "spaceId", root_id as "rootId" from shard.users where admin`,
  );
  const parts = { pool, serverPid: server.pid, databasePid: database.pid() ?? 0 };
  return {
    server,
    owner,
    home: rows[0]!,
    connection: database.connection,
    fill: async (statement) => void (await pool.query(statement)),
    cost: async (work) => {
      const cost = await costOf(parts, work);
      if (process.env["HOLDFAST_BENCH_STATEMENTS"] === "1")
        process.stderr.write(`${(await statementsOf(pool)).join("\n")}\n`);
      return cost;
    },
    quiet: () => quietOf(pool),
    stop: async () => {
      await server.stop();
      await pool.end();
      await database.stop();
    },
  };
}

/** Makes the server write a CPU profile to the folder in `HOLDFAST_BENCH_PROFILE` when it ends. */
function profiled(): Record<string, string> {
  const folder = process.env["HOLDFAST_BENCH_PROFILE"];
  return folder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
}
