/** Uploads into a shared folder when the role is lost in the middle. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { startTestPool } from "../../packs/testing.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { expireStaged } from "../../tree/retention/retention.ts";
import { openOwners, type Owner, type Owners } from "../sharing/testing-owners.ts";
import { parseContentRange } from "./content-range.ts";
import { bodyOf, bytesOf } from "./testing.ts";
import { openUploads, type Uploads } from "./uploads.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

let owners: Owners;
let pool: BlockPool;
let uploads: Uploads;
before(async () => {
  owners = await openOwners();
  pool = startTestPool();
  const { shards, clock, committer, blocks } = owners;
  uploads = openUploads({
    shards,
    clock,
    committer,
    blocks: blocks.service,
    codec: pool,
    random: randomBytes,
    lifetimeMs: retentionUsual.sessionsMs,
  });
});
after(async () => {
  await pool.close();
  await owners.close();
});

const sizeBytes = 24 * 1024 * 1024;
const bytes = bytesOf("half of it", sizeBytes);

function send(who: Owner, id: string, start: number, end: number): Promise<unknown> {
  const piece = bytes.subarray(start, end);
  const range = parseContentRange(`bytes ${start}-${end - 1}/${sizeBytes}`);
  return uploads.put({ ...who }, id, { range, contentLengthBytes: piece.length }, bodyOf(piece));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof HoldfastError) return error.code;
    throw error;
  }
}

async function rowsOf({ spaceId }: Owner): Promise<number> {
  const owner = { spaceId };
  const { rows } = await sql<{ count: number }>`
    select (select count(*) from shard.upload_sessions where space_id = ${spaceId})
      + (select count(*) from shard.space_blocks where space_id = ${spaceId} and refs > 0) as count`.execute(
    owners.dbOf(owner),
  );
  return Number(rows[0]?.count);
}

for (const [what, change, code] of [
  ["lowered", sql`update shard.grants set role = 'viewer'`, "forbidden"],
  ["revoked", sql`delete from shard.grants`, "not_found"],
] as const) {
  test(`a role that is ${what} during an upload rejects its commit, and its bytes count until it expires`, async () => {
    const [ann, bob] = [await owners.sign(1, 100 * 1024 * 1024), await owners.sign(2000)];
    const folder = await owners.mkdir(ann, "shared");
    await owners.give(ann, folder.id, { role: "editor", grantee_id: bob.userId });
    const place = { parentId: folder.id, name: "large" };
    const request = { place, attributes: {} };
    const { id, expiresAt } = await uploads.start({ ...bob }, { request, sizeBytes, key: {} });
    const half = sizeBytes / 2;
    assert.deepEqual(await send(bob, id, 0, half), { durable: half });
    await sql`${change} where space_id = ${ann.spaceId}`.execute(owners.dbOf(ann));

    assert.equal(await codeOf(send(bob, id, half, sizeBytes)), code);
    assert.equal(await codeOf(uploads.commit({ ...bob }, id, {})), code);
    assert.deepEqual(await owners.namesIn(ann, folder.id), []);
    const { used_bytes: used, stored_bytes: stored } = await owners.spaceOf(ann);
    assert.equal(used, 0);
    assert.ok(stored >= half && stored <= sizeBytes, `${stored} bytes are stored`);

    const expireAll = async () => {
      await uploads.expire();
      await expireStaged({ db: owners.dbOf(ann), nowMicros: owners.clock.nowMicros() });
    };
    owners.clock.advanceMs(retentionUsual.sessionsMs - 3600_000);
    await expireAll();
    assert.equal((await owners.spaceOf(ann)).stored_bytes, stored, "its week is not over");
    owners.clock.advanceMs(2 * 3600_000);
    assert.ok(owners.clock.nowMicros() > expiresAt);
    await expireAll();
    assert.equal(await rowsOf(ann), 0, "the session, and its hold on the blocks, are gone");
    owners.clock.advanceMs(limits.stagedLifetimeMs + 1000);
    await expireAll();
    assert.equal((await owners.spaceOf(ann)).stored_bytes, 0);
    assert.equal(await codeOf(uploads.state({ ...bob }, id)), "not_found");
    await checkInvariants(owners.dbOf(ann), ann.spaceId);
  });
}
