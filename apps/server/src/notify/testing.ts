import type { TestContext } from "node:test";
import type { SessionId } from "@holdfast/core/ids";
import { type KyselyPlugin, sql } from "kysely";
import type { Caller } from "../accounts/caller.ts";
import type { Shards } from "../db/shards.ts";
import { newTestId, type TestSpace } from "../metadata/testing/testing.ts";

/** A user with a session, as signing in leaves them, for a space that a test made. */
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

/** The account's last sign-in through the issuer is too long ago by `testIssuerBound`. */
export function becomeOverdue({ db }: TestSpace, { userId }: Caller) {
  const { issuer } = testIssuerBound;
  return sql`
    insert into shard.outside_identities (user_id, id, identity_key, issuer, subject, created_at)
    values (${userId}, ${newTestId()}, '', ${issuer}, 'somebody', 0)`.execute(db);
}

/** Watches, and may hold back, the answers that the database gives. */
export interface Tap {
  readonly shards: Shards;
  /** Of each statement that was answered. */
  readonly statements: string[];
  /** Awaited between an answer of the database and its delivery. */
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
  const tapped = new Map(shards.all().map((shard) => [shard, { ...shard, db: shard.db.withPlugin(plugin) }]));
  const of = (shard: ReturnType<Shards["of"]>) => tapped.get(shard) ?? shard;
  tap.shards = {
    of: (bucket) => of(shards.of(bucket)),
    ofId: (id) => of(shards.ofId(id)),
    all: () => [...tapped.values()],
  };
  return tap;
}

/**
 * Time passes for held polls only as the test says: a pause of this process would be taken for its load, and whoever is answered is asked
 * to wait.
 * @returns lets so many milliseconds pass
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
