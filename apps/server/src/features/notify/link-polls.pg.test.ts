import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { until } from "@holdfast/tools/bounded";
import { HoldfastError } from "@holdfast/core/errors";
import { type GrantId, makeId, toBucket } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { proveLink } from "../accounts/callers/link-callers.ts";
import { digestOf, makeLinkToken } from "../accounts/context/secret-token.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { startToken } from "../../tree/journal/start-token.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { HeldPolls, type PollAnswer } from "./held-polls.ts";
import { holdTicks, signInTo, type Tap, tapShards } from "./testing.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Time stands still by default, so that periodic checks cannot end a poll. */
describe("Polls of links", () => {
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let space: TestSpace;
  let top: string;
  let link: Caller;
  let linkId: GrantId;
  let polls: HeldPolls;
  let tap: Tap;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
  });
  after(() => databases.stop());
  beforeEach(async () => {
    accounts = await openTestAccounts(databases.shards);
    space = await makeTestSpace(databases.shards);
    await signInTo(space);
    await sql`update shard.spaces set owner_id = ${space.caller.userId} where id = ${space.caller.spaceId}`.execute(
      space.db,
    );
    top = (await space.mkdir("root", "shown")).id;
    link = await makeLink(null);
    tap = tapShards(databases.shards);
    polls = new HeldPolls({
      shards: tap.shards,
      clock: accounts.clock,
      issuerBound: undefined,
      random: () => 0.999,
      log,
    });
  });

  const makeLink = async (endsMicros: number | null): Promise<Caller> => {
    linkId = makeId<GrantId>(toBucket(0), Date.now(), randomBytes(8));
    const token = makeLinkToken(accounts.secrets.refreshKey, linkId);
    const { spaceId, userId } = space.caller;
    await sql`
      insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at, secret_hash, expires_at)
      values (${spaceId}, ${linkId}, ${top}, 'link', ${linkId}, 'viewer', ${userId}, 0, ${digestOf(token)}, ${endsMicros})`.execute(
      space.db,
    );
    const caller = await proveLink(accounts, token);
    assert.ok(caller !== undefined);
    return caller;
  };
  const hold = async (caller: Caller): Promise<{ answer: Promise<PollAnswer | string> }> => {
    const poll = polls.open(caller, await startToken(databases.shards, caller));
    tap.statements.length = 0;
    const answer = new Promise<PollAnswer | string>((resolve) =>
      polls.hold(poll, 60_000, (given) => resolve(given instanceof HoldfastError ? given.code : given)),
    );
    await until("the poll has looked", () => tap.statements.length >= 2);
    await new Promise(setImmediate);
    return { answer };
  };
  const change = async (set: ReturnType<typeof sql>) => {
    await sql`update shard.grants set ${set} where id = ${linkId}`.execute(space.db);
    polls.wake(space.caller.spaceId);
  };

  for (const [what, set] of [
    ["removed", sql`kind = 'user'`],
    ["disabled by an administrator", sql`disabled_at = 1`],
    ["given another password", sql`password_hash = 'another'`],
    ["given an expiry in the past", sql`expires_at = 1`],
  ] as const) {
    test(`a poll ends immediately when its link is ${what}`, async (t) => {
      holdTicks(t);
      const { answer } = await hold(link);
      await change(set);
      assert.equal(await answer, "unauthenticated");
    });
  }

  test("a poll ends when its link expires", async (t) => {
    const forward = holdTicks(t);
    const ending = await makeLink(accounts.clock.nowMicros() + 3_000_000);
    const { answer } = await hold(ending);
    accounts.clock.forwardMs(3001);
    forward(3250);
    assert.equal(await answer, "unauthenticated");
  });

  test("a poll continues when its link's expiry is extended, and reports changes", async (t) => {
    holdTicks(t);
    const { answer } = await hold(link);
    // Uses both clocks, because rights are checked by the database's clock, which does not stand still.
    await change(sql`expires_at = ${Math.max(accounts.clock.nowMicros(), Date.now() * 1000) + 3_600_000_000}`);
    await space.put(top, "file", "one");
    polls.wake(space.caller.spaceId);
    const given = await answer;
    assert.ok(typeof given !== "string" && given.change?.type === "file_create", JSON.stringify(given));
  });
});
