import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DeviceId, SessionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { fc } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { Authenticator } from "./authenticator.ts";
import { deleteDevice, listDevices } from "./devices.ts";
import { createPersonalToken, deletePersonalToken, listPersonalTokens } from "../people/personal-tokens.ts";
import { endSession, refreshSession, signIn } from "./sessions.ts";
import { createTestUser, failuresMax, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { updateUser } from "../people/users.ts";

let databases: TestDatabases;
let world: TestAccounts;
let authenticator: Authenticator;
let people = 0;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = await openTestAccounts(databases.shards);
  authenticator = new Authenticator(world);
});
after(() => databases.stop());

async function newPerson() {
  const email = `person${++people}@example.org`;
  const user = await createTestUser(world, email);
  const session = await signIn(world, { email, password: testPassword, device_name: "laptop" }, "192.0.2.1");
  return { email, user, session, caller: await authenticator.authenticate(session.access_token) };
}

const unauthenticated = { code: "unauthenticated" };
const dayMs = 24 * 3600_000;

test("a wrong password, an unknown address and an invalid one get the same response", async () => {
  const { email } = await newPerson();
  const messages = new Set<string>();
  for (const claimed of [email, "nobody@example.org", "\u0000", "no address", "\ud800@x"]) {
    await assert.rejects(signIn(world, { email: claimed, password: "wrong password" }, "192.0.2.1"), (error: Error) => {
      messages.add(error.message);
      return (error as { code?: string }).code === "unauthenticated";
    });
  }
  assert.equal(messages.size, 1);
});

test("failures count per account in any spelling, equally for unknown accounts, without affecting others", async () => {
  const { email } = await newPerson();
  const other = await newPerson();
  const spellings = [email, email.toUpperCase(), ` ${email} `, email.replace("person", "Person")];
  for (const known of [spellings, ["ghost@example.org", "GHOST@example.org "]]) {
    for (let failure = 0; failure < failuresMax; failure++) {
      const claimed = known[failure % known.length] ?? "";
      await assert.rejects(signIn(world, { email: claimed, password: "wrong password" }, "192.0.2.1"), unauthenticated);
    }
    for (const claimed of known) {
      await assert.rejects(signIn(world, { email: claimed, password: testPassword }, "192.0.2.1"), {
        code: "rate_limited",
      });
    }
  }
  await signIn(world, { email: other.email, password: testPassword }, "192.0.2.1");
});

test("a session ends 30 days after its last refresh, and its access token after 15 minutes", async () => {
  const { session } = await newPerson();
  world.clock.forwardMs(limits.accessTokenLifetimeMs);
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
  world.clock.forwardMs(29 * dayMs);
  const renewed = await refreshSession(world, session.refresh_token);
  world.clock.forwardMs(29 * dayMs);
  const again = await refreshSession(world, renewed.refresh_token);
  world.clock.forwardMs(30 * dayMs);
  await assert.rejects(refreshSession(world, again.refresh_token), unauthenticated);
});

test("a lost response is repeated with the same refresh token until a token from it is used", async () => {
  const { session } = await newPerson();
  const first = await refreshSession(world, session.refresh_token);
  const second = await refreshSession(world, session.refresh_token);
  assert.equal(second.refresh_token, first.refresh_token);
  await authenticator.authenticate(second.access_token);
  await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
  await assert.rejects(authenticator.authenticate(second.access_token), unauthenticated);
  await assert.rejects(refreshSession(world, first.refresh_token), unauthenticated);
});

test("concurrent refreshes all get usable responses", async () => {
  const { session } = await newPerson();
  const answers = await Promise.all(Array.from({ length: 5 }, () => refreshSession(world, session.refresh_token)));
  assert.equal(new Set(answers.map((answer) => answer.refresh_token)).size, 1);
  for (const answer of answers) await authenticator.authenticate(answer.access_token);
  await refreshSession(world, answers[0]?.refresh_token ?? "");
});

test("a refresh waits for a concurrent one and uses its result", async () => {
  const { session, caller } = await newPerson();
  const { db } = world.shards.of(caller.bucket);
  const refresh = await db.transaction().execute(async (other) => {
    await other
      .updateTable("shard.sessions")
      .set({ number: 3 })
      .where("id", "=", caller.credential.id as SessionId)
      .execute();
    const started = Promise.allSettled([refreshSession(world, session.refresh_token)]);
    const waiting = sql<{ n: number }>`select count(*) as n from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`;
    while ((await waiting.execute(db)).rows[0]?.n === 0) await new Promise(setImmediate);
    return { started };
  });
  assert.equal((await refresh.started)[0].status, "rejected");
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
});

test("any sequence of refreshes and uses agrees with a model of one token family", async () => {
  const step = fc.record({ kind: fc.constantFrom("refresh", "refresh", "use"), back: fc.nat(2) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const { session } = await newPerson();
      // Model: the newest number, use of anything issued with it, and life of the family.
      let [newest, used, alive] = [1, true, true];
      const refreshTokens = ["", session.refresh_token];
      const accessTokens = ["", session.access_token];
      for (const { kind, back } of steps) {
        const number = Math.max(1, newest - back);
        if (kind === "use") {
          const outcome = await authenticator.authenticate(accessTokens[number] ?? "").then(
            () => true,
            () => false,
          );
          assert.equal(outcome, alive);
          if (alive && number === newest) used = true;
          continue;
        }
        const answer = await refreshSession(world, refreshTokens[number] ?? "").catch(() => undefined);
        const isLostAnswer = number === newest - 1 && !used;
        const works: boolean = alive && (number === newest || isLostAnswer);
        assert.equal(answer !== undefined, works, `${kind} ${number} of ${newest}`);
        if (answer === undefined) {
          alive = false;
          continue;
        }
        if (number === newest) [newest, used] = [newest + 1, false];
        else assert.equal(answer.refresh_token, refreshTokens[newest]);
        refreshTokens[newest] = answer.refresh_token;
        accessTokens[newest] = answer.access_token;
      }
    }),
    { numRuns: 25 },
  );
});

test("signing out, revoking a device and deleting the current device apply to the next request", async () => {
  const first = await newPerson();
  await endSession(world, first.caller.credential.id as Parameters<typeof endSession>[1]);
  await assert.rejects(authenticator.authenticate(first.session.access_token), unauthenticated);
  await assert.rejects(refreshSession(world, first.session.refresh_token), unauthenticated);

  const { caller, session, email } = await newPerson();
  world.clock.forwardMs(1);
  const phone = await signIn(world, { email, password: testPassword, device_name: "phone" }, "192.0.2.1");
  assert.deepEqual(
    (await listDevices(world, caller)).map(({ name, current }) => [name, current]),
    [
      ["laptop", true],
      ["phone", false],
    ],
  );
  await deleteDevice(world, caller, phone.device_id);
  await assert.rejects(authenticator.authenticate(phone.access_token), unauthenticated);
  await authenticator.authenticate(session.access_token);
  await deleteDevice(world, caller, session.device_id);
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
  await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
});

test("devices and tokens of other accounts are not found, and stay", async () => {
  const owner = await newPerson();
  const stranger = await newPerson();
  const token = await createPersonalToken(world, owner.caller, {
    name: "t",
    scopes: ["account"],
    expiresAtMicros: null,
  });
  for (const id of [owner.session.device_id, "no id"]) {
    await assert.rejects(deleteDevice(world, stranger.caller, id), { code: "not_found" });
  }
  await assert.rejects(deletePersonalToken(world, stranger.caller.userId, token.id), { code: "not_found" });
  await authenticator.authenticate(owner.session.access_token);
  await authenticator.authenticate(token.token);
});

test("repeated sign-ins keep only the newest devices", async () => {
  const { email, user, session } = await newPerson();
  const { db } = world.shards.ofId(user.id);
  const ids = Array.from({ length: limits.devicesMax }, (_, index) =>
    session.device_id.replace(/.{8}$/, index.toString(16).padStart(8, "0")),
  );
  await db
    .insertInto("shard.devices")
    .values(
      ids.map((id) => ({
        user_id: user.id,
        id: id as DeviceId,
        name: "old",
        created_at: 1,
        last_seen_at: 1,
        browser: false,
      })),
    )
    .execute();
  const newest = await signIn(world, { email, password: testPassword }, "192.0.2.1");
  const caller = await authenticator.authenticate(newest.access_token);
  await authenticator.authenticate(session.access_token);
  assert.equal((await listDevices(world, caller)).length, limits.devicesMax);
});

test("suspension stops sessions and tokens immediately; enabling restores tokens, not sessions", async () => {
  const { email, caller, session } = await newPerson();
  const { token } = await createPersonalToken(world, caller, { name: "t", scopes: ["account"], expiresAtMicros: null });
  await updateUser(world, email, { disabled: true });
  for (const bearer of [session.access_token, token]) {
    await assert.rejects(authenticator.authenticate(bearer), unauthenticated);
  }
  await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
  await assert.rejects(signIn(world, { email, password: testPassword }, "192.0.2.1"), { code: "forbidden" });
  await assert.rejects(signIn(world, { email, password: "wrong password" }, "192.0.2.1"), unauthenticated);
  await updateUser(world, email, { disabled: false });
  await authenticator.authenticate(token);
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
});

test("an administrator can end all sessions and tokens of an account, whose password stays", async () => {
  const { email, caller, session } = await newPerson();
  const { token } = await createPersonalToken(world, caller, { name: "t", scopes: ["account"], expiresAtMicros: null });
  await updateUser(world, email, { signedOut: true });
  await assert.rejects(authenticator.authenticate(token), unauthenticated);
  await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
  await signIn(world, { email, password: testPassword }, "192.0.2.1");
});

test("a session missed by a suspension is rejected while the suspension lasts", async () => {
  const { user, session } = await newPerson();
  const suspend = (at: number | null) =>
    world.shards
      .ofId(user.id)
      .db.updateTable("shard.users")
      .set({ disabled_at: at })
      .where("id", "=", user.id)
      .execute();
  await suspend(1);
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
  await assert.rejects(refreshSession(world, session.refresh_token), unauthenticated);
  await suspend(null);
  await authenticator.authenticate(session.access_token);
});

test("a new password ends all sessions, even those of a concurrent sign-in", async () => {
  const { email, session } = await newPerson();
  const [outcome] = await Promise.allSettled([
    signIn(world, { email, password: testPassword }, "192.0.2.1"),
    updateUser(world, email, { password: "another long password" }),
  ]);
  if (outcome.status === "fulfilled") {
    await assert.rejects(authenticator.authenticate(outcome.value.access_token), unauthenticated);
  }
  await assert.rejects(authenticator.authenticate(session.access_token), unauthenticated);
  await assert.rejects(signIn(world, { email, password: testPassword }, "192.0.2.1"), unauthenticated);
  await signIn(world, { email, password: "another long password" }, "192.0.2.1");
});

test("a new password ends all personal tokens, including derived and concurrent ones", async () => {
  const { email, caller } = await newPerson();
  const request = { name: "t", scopes: ["account", "files:read"] as const, expiresAtMicros: null };
  const parent = await createPersonalToken(world, caller, request);
  const script = await authenticator.authenticate(parent.token);
  const child = await createPersonalToken(world, script, request);
  const [, ...made] = await Promise.allSettled([
    updateUser(world, email, { password: "another long password" }),
    ...[caller, script, caller, script].map((by) => createPersonalToken(world, by, request)),
  ]);
  const tokens = made.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.token] : []));
  for (const token of [parent.token, child.token, ...tokens]) {
    await assert.rejects(authenticator.authenticate(token), unauthenticated);
  }
  assert.deepEqual(await listPersonalTokens(world, caller.userId), []);
  for (const by of [caller, script]) await assert.rejects(createPersonalToken(world, by, request), unauthenticated);
});

test("a token created during a password change waits for it, and is rejected", async () => {
  const { user, caller } = await newPerson();
  const request = { name: "t", scopes: ["account"] as const, expiresAtMicros: null };
  const { db } = world.shards.ofId(user.id);
  const begun = await db.transaction().execute(async (transaction) => {
    await transaction.updateTable("shard.users").set({ password_hash: "" }).where("id", "=", user.id).execute();
    const making = createPersonalToken(world, caller, request);
    making.catch(() => {});
    const waiting = sql<{ n: number }>`
      select count(*)::int4 as n from pg_stat_activity where wait_event_type = 'Lock' and query like '%shard%users%for share%'
        and datname = current_database()`;
    const stillInTime = bounded("the token is waited for");
    while ((await waiting.execute(db)).rows[0]?.n !== 1) stillInTime();
    await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    return { making };
  });
  await assert.rejects(begun.making, unauthenticated);
  assert.deepEqual(await listPersonalTokens(world, user.id), []);
});

test("a revoked token ends tokens made with it, and no others", async () => {
  const { caller } = await newPerson();
  const request = { name: "t", scopes: ["account"] as const, expiresAtMicros: null };
  const make = (by: typeof caller) => createPersonalToken(world, by, request);
  const carrier = ({ token }: { token: string }) => authenticator.authenticate(token);
  const other = await make(caller);
  const first = await make(caller);
  const second = await make(await carrier(first));
  const third = await make(await carrier(second));
  const beside = await make(await carrier(first));
  await deletePersonalToken(world, caller.userId, second.id);
  for (const ended of [second, third]) await assert.rejects(carrier(ended), unauthenticated);
  for (const alive of [other, first, beside]) await carrier(alive);
  await deletePersonalToken(world, caller.userId, first.id);
  for (const ended of [first, beside]) await assert.rejects(carrier(ended), unauthenticated);
  await carrier(other);
});

test("a former administrator cannot create admin tokens, and earlier ones lose that scope permanently", async () => {
  const email = `person${++people}@example.org`;
  await createTestUser(world, `person${++people}@example.org`, { admin: true });
  const user = await createTestUser(world, email, { admin: true });
  const session = await signIn(world, { email, password: testPassword }, "192.0.2.1");
  const caller = await authenticator.authenticate(session.access_token);
  const make = (by: typeof caller, ...scopes: ("admin" | "account" | "files:read")[]) =>
    createPersonalToken(world, by, { name: "t", scopes, expiresAtMicros: null });
  const made = await make(caller, "admin", "account", "files:read");
  const script = await authenticator.authenticate(made.token);
  assert.ok(script.scopes.has("admin"));
  const forbidden = { code: "forbidden", field: "scopes" };
  // Changes only the row, unseen by this session or token.
  const { db } = world.shards.ofId(user.id);
  const demote = (admin: boolean) => db.updateTable("shard.users").set({ admin }).where("id", "=", user.id).execute();
  await demote(false);
  assert.deepEqual([...(await authenticator.authenticate(made.token)).scopes], ["account", "files:read"]);
  for (const by of [caller, script]) await assert.rejects(make(by, "admin"), forbidden);
  await make(script, "account");
  await demote(true);
  await updateUser(world, email, { admin: false });
  await updateUser(world, email, { admin: true });
  const later = await authenticator.authenticate(made.token);
  assert.deepEqual([...later.scopes], ["account", "files:read"]);
  await assert.rejects(make(later, "admin"), forbidden);
  await make(await authenticator.authenticate(session.access_token), "admin");
});

test("a token has at most the scopes and lifetime of its creator", async () => {
  const { caller } = await newPerson();
  const nowMicros = world.clock.nowMicros();
  const make = (by: typeof caller, scopes: string[], expiresAtMicros: number | null) =>
    createPersonalToken(world, by, { name: "script", scopes: scopes as never, expiresAtMicros });
  await assert.rejects(make(caller, ["admin"], null), { code: "forbidden", field: "scopes" });
  await assert.rejects(make(caller, ["account"], nowMicros), { code: "invalid_field", field: "expires_at" });
  const made = await make(caller, ["account", "files:read", "account"], nowMicros + 3600_000_000);
  assert.deepEqual(made.scopes, ["account", "files:read"]);
  const script = await authenticator.authenticate(made.token);
  assert.deepEqual([...script.scopes], ["account", "files:read"]);
  await assert.rejects(make(script, ["files:write"], nowMicros + 1_000_000), { code: "forbidden" });
  await assert.rejects(make(script, ["files:read"], null), { code: "invalid_field" });
  await make(script, ["files:read"], nowMicros + 1_000_000);
  world.clock.forwardMs(3600_000);
  await assert.rejects(authenticator.authenticate(made.token), unauthenticated);
  assert.equal((await listPersonalTokens(world, caller.userId)).length, 2);
});

test("a token with a wrong character and one with an invalid name are rejected", async () => {
  const { caller } = await newPerson();
  const request = { scopes: ["account"] as const, expiresAtMicros: null };
  const { token } = await createPersonalToken(world, caller, { ...request, name: "t" });
  const wrong = token.slice(0, -1) + (token.endsWith("A") ? "B" : "A");
  await assert.rejects(authenticator.authenticate(wrong), unauthenticated);
  await assert.rejects(authenticator.authenticate(undefined), unauthenticated);
  await assert.rejects(createPersonalToken(world, caller, { ...request, name: "a\u0000b" }), { field: "name" });
});

test("last-seen times are stored to the minute", async () => {
  const { caller, session } = await newPerson();
  const seen = async () => (await listDevices(world, caller))[0]?.last_seen_at;
  const atFirst = await seen();
  world.clock.forwardMs(59_000);
  await authenticator.authenticate(session.access_token);
  assert.equal(await seen(), atFirst);
  world.clock.forwardMs(2000);
  await authenticator.authenticate(session.access_token);
  assert.notEqual(await seen(), atFirst);
});
