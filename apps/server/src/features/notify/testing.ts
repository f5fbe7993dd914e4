import type { TestContext } from "node:test";
import type { SessionId } from "@holdfast/core/ids";
import { type KyselyPlugin, sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import type { Shards } from "../../base/db/shards.ts";
import { newTestId, type TestSpace } from "../../tree/testing/testing.ts";

export async function signInTo(space: TestSpace): Promise<Caller> {
  const { db, caller } = space;
  const sessionId = newTestId<SessionId>();
  const email = `${caller.userId}@example.org`;
  await sql`
    insert into shard.users (id, email, name, password_hash, admin, space_id, root_id, created_at, plan)
    values (${caller.userId}, ${email}, '', '', false, ${caller.spaceId}, ${caller.rootId}, 0, 'business')
    on conflict do nothing`.execute(db);
  await sql`
    insert into shard.sessions (id, user_id, device_id, number, number_used, created_at, expires_at)
    values (${sessionId}, ${caller.userId}, ${caller.deviceId}, 1, true, 0, ${8_000_000_000_000_000})`.execute(db);
  return {
    ...caller,
    credential: { kind: "session", id: sessionId },
    scopes: new Set(["files:read", "files:write", "account"]),
    admin: false,
    groupIds: [],
  };
}

export const testIssuerBound = { issuer: "https://id.example", name: "Example", only: true, everyMs: 3600_000 };

/** Makes the account's last sign-in through the issuer too old for `testIssuerBound`. */
export function becomeOverdue({ db }: TestSpace, { userId }: Caller) {
  const { issuer } = testIssuerBound;
  return sql`
    insert into shard.outside_identities (user_id, id, identity_key, issuer, subject, created_at)
    values (${userId}, ${newTestId()}, '', ${issuer}, 'somebody', 0)`.execute(db);
}

/** Records and can delay responses of the database. */
export interface Tap {
  readonly shards: Shards;
  readonly statements: string[];
  before: (statement: string) => Promise<void> | void;
}

export function tapShards(shards: Shards): Tap {
  const statements: string[] = [];
  const names = new WeakMap<object, string>();
  const tap: { -readonly [Key in keyof Tap]: Tap[Key] } = { shards, statements, before: () => {} };
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      names.set(queryId, JSON.stringify(node));
      return node;
    },
    transformResult: async ({ result, queryId }) => {
      const statement = names.get(queryId) ?? "";
      statements.push(statement);
      await tap.before(statement);
      return result;
    },
  };
  const tapped = new Map(
    shards.all().map((shard) => {
      const db = shard.db.withPlugin(plugin);
      return [shard, { ...shard, db, primary: db }] as const;
    }),
  );
  const of = (shard: ReturnType<Shards["of"]>) => tapped.get(shard) ?? shard;
  tap.shards = {
    of: (bucket) => of(shards.of(bucket)),
    ofId: (id) => of(shards.ofId(id)),
    all: () => [...tapped.values()],
  };
  return tap;
}

/**
 * Lets time pass for held polls only on demand. A pause of this process would count as load and add waits.
 * @returns a function that advances time by milliseconds
 */
export function holdTicks({ mock }: TestContext): (ms: number) => void {
  mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = performance.now();
  mock.method(performance, "now", () => nowMs);
  return (ms) => {
    nowMs += ms;
    mock.timers.tick(ms);
  };
}
