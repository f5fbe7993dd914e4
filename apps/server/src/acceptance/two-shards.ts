import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { bucketOf, type UserId } from "@holdfast/core/ids";
import type pg from "pg";
import { startEmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { copyTemplate, silentLog } from "../base/db/testing.ts";
import { queryUrl } from "./shared-database.ts";
import { newPerson, type Person } from "./new-person.ts";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const names = ["low", "high"] as const;
export type ShardName = (typeof names)[number];

export interface TwoShards {
  readonly server: RunningServer;
  readonly admin: Api;
  readonly personOn: (shard: ShardName) => Promise<Person>;
  readonly query: (statement: string) => Promise<Record<ShardName, pg.QueryResult["rows"]>>;
  readonly stop: () => Promise<void>;
}

export async function startOnTwoShards(name: string): Promise<TwoShards> {
  const folder = makeFolder(name);
  mkdirSync(`${folder}/database`, { mode: 0o711 });
  await copyTemplate(`${folder}/database`);
  const options = { dataFolder: `${folder}/database`, log: silentLog, random: randomBytes, loopback: true };
  const postgres = await startEmbeddedPostgres(options);
  const { user, password, host, port, database } = postgres.connection;
  const urlOf = (of: string) => `postgres://${user}:${String(password)}@${host}:${port}/${of}`;
  const urls: Record<ShardName, string> = { low: urlOf(String(database)), high: urlOf("high") };
  const ask = (shard: ShardName, statement: string) => queryUrl(urls[shard], statement);
  await ask("low", `create database high template ${String(database)} strategy file_copy`);
  const topology = {
    shards: [
      { id: "low", buckets: [[0, 2047]], database_url: urls.low },
      { id: "high", buckets: [[2048, 4095]], database_url: urls.high },
    ],
    cells: [{ id: "main", buckets: [[0, 4095]], store: `${folder}/store` }],
  };
  const server = await startServer({
    dataFolder: `${folder}/data`,
    args: ["--database-url", urls.low],
    env: {
      HOLDFAST_TOPOLOGY: JSON.stringify(topology),
      HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      HOLDFAST_RATE_LIMIT_SIGN_IN: "0",
    },
  });
  const admin = await Api.signIn(server.url);
  return {
    server,
    admin,
    personOn: async (shard) => {
      for (;;) {
        const person = await newPerson(admin);
        if (shardOf(person.id) === shard) return person;
      }
    },
    query: async (statement) => ({ low: await ask("low", statement), high: await ask("high", statement) }),
    stop: async () => {
      await server.stop();
      await postgres.stop();
      removeFolder(folder);
    },
  };
}

function shardOf(id: string): ShardName {
  return bucketOf(id as UserId) < 2048 ? "low" : "high";
}
