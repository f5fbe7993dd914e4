import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { limits } from "@holdfast/core/limits";
import { foldName } from "@holdfast/core/sort-key";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { textArray } from "../../base/db/array-parameters.ts";
import { openPool } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { encodeCursor } from "../../tree/read/cursor.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { Statement } from "../../tree/testing/narrow-plans.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import { search, type SearchRequest } from "./search.ts";
import { searchAll } from "./testing-search.ts";

let added = 0;

async function addNames({ db, caller }: TestSpace, kind: "file" | "folder", names: readonly string[]): Promise<void> {
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, sort_key, folded_name, kind, head_version, version_number, size, modified_at, revision, seq, created_at, updated_at)
    select ${caller.spaceId}, ('01000000-0000-8007-8000-' || lpad(to_hex(${(added += names.length)} - place), 12, '0'))::uuid, ${caller.rootId}, name, name, convert_to(name, 'UTF8'), folded, ${kind},
      case ${kind} when 'file' then gen_random_uuid() end, 1, 0, 0, 'r', 0, 0, 1000000 - place
    from unnest(${textArray(names)}, ${textArray(names.map(foldName))}) with ordinality as named (name, folded, place)`.execute(
    db,
  );
}

const named = (count: number, name: (at: number) => string) => Array.from({ length: count }, (_, at) => name(at));

describe("Search order", () => {
  let databases: TestDatabases;
  let pool: pg.Pool;
  let shards: Shards;
  const statements: Statement[] = [];
  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    pool = openPool({ connection: databases.connection, schema: "shard", applicationName: "test", log: silentLog });
    const db = new Kysely<ShardTables>({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => void statements.push({ text: query.sql, parameters: query.parameters }),
    });
    const shard = { ...databases.shards.all()[0]!, db, primary: db };
    shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
  });
  after(async () => {
    await pool.end();
    await databases.stop();
  });
  const first = async (space: TestSpace, q: string, limit = 8) =>
    (await search(shards, space.caller, { q, limit })).items.map(({ name }) => name);

  test("exact names come first, then prefixes, words and the rest, with folders before files", async () => {
    const space = await makeTestSpace(databases.shards);
    await addNames(space, "file", [
      "preinvoice.txt",
      "old_Invoices.zip",
      "Invoice list.txt",
      "invoicing",
      "Invoíce.pdf",
    ]);
    await addNames(space, "folder", ["my (invoice)s", "reinvoice", "invoices 2025", "invoice"]);
    const expected = [
      "invoice",
      "Invoíce.pdf",
      "invoices 2025",
      "Invoice list.txt",
      "my (invoice)s",
      "old_Invoices.zip",
      "reinvoice",
      "preinvoice.txt",
    ];
    assert.deepEqual(await first(space, " INVOICE "), expected);
    const paged = await searchAll(shards, space.caller, { q: "invoice", limit: 2 });
    assert.deepEqual(
      paged.map(({ name }) => name),
      expected,
    );
    assert.deepEqual(await first(space, "zip old"), ["old_Invoices.zip"]);
  });

  longTest("the best matches come first, for any number of matches", async () => {
    const space = await makeTestSpace(databases.shards);
    await addNames(space, "file", [
      ...named(limits.searchRowsMax + 500, (at) => `img ${at}.jpg`),
      "re-img.jpg",
      "img.txt",
    ]);
    await addNames(space, "folder", [...named(30, (at) => `new ximg ${at}`), "imgs of old", "Img"]);
    await sql`update shard.nodes set updated_at = 5 where space_id = ${space.caller.spaceId} and kind = 'folder'`.execute(
      space.db,
    );
    assert.deepEqual(await first(space, "img", 5), ["Img", "img.txt", "imgs of old", "img 0.jpg", "img 1.jpg"]);
    assert.deepEqual((await first(space, "im", 3)).toSorted(), ["Img", "img 0.jpg", "imgs of old"]);
    for (const q of ["img", "i", "img 1"]) {
      const items = await searchAll(shards, space.caller, { q, limit: 1000 });
      assert.equal(new Set(items.map(({ id }) => id)).size, items.length, q);
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from shard.nodes where space_id = ${space.caller.spaceId}
          and ${sql.join(
            q.split(" ").map((word) => sql`folded_name like ${`%${word}%`}`),
            sql` and `,
          )}`.execute(space.db);
      assert.equal(items.length, rows[0]?.count, q);
    }
  });

  test("a change between two pages neither repeats nor hides unchanged nodes", async () => {
    const space = await makeTestSpace(databases.shards);
    await addNames(
      space,
      "file",
      named(limits.searchRowsMax + 100, (at) => `scan a${at}`),
    );
    const { spaceId } = space.caller;
    const originals = (names: readonly string[]) => names.filter((name) => name.startsWith("scan a"));
    let nowMicros = 3_000_000;
    for (const q of isLongTier ? ["scan", "a"] : ["scan"]) {
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await search(shards, space.caller, { q, limit: 1000, cursor });
        names.push(...page.items.map(({ name }) => name));
        cursor = page.next_cursor ?? undefined;
        await sql`update shard.nodes set updated_at = 2000000 where space_id = ${spaceId} and name = ${originals(names)[5] ?? ""}`.execute(
          space.db,
        );
        const later = named(20, (at) => `scan later ${q} ${names.length} ${at}`);
        await addNames(space, "file", later);
        await sql`update shard.nodes set updated_at = ${(nowMicros += 10)} where space_id = ${spaceId} and name = any(${textArray(later)})`.execute(
          space.db,
        );
      } while (cursor !== undefined);
      assert.equal(new Set(names).size, names.length, q);
      assert.equal(originals(names).length, limits.searchRowsMax + 100, q);
    }
  });

  test("shared nodes are ranked with own ones, and nodes beside them are not found", async () => {
    const [owner, viewer] = [await makeTestSpace(databases.shards), await makeTestSpace(databases.shards)];
    const caller = { ...viewer.caller, receives: true, grantees: [viewer.caller.userId] };
    const { spaceId, userId } = owner.caller;
    const above = await owner.mkdir("root", "taxes above");
    await owner.put(above.id, "taxes beside.txt", "x");
    const shared = await owner.mkdir(above.id, "Taxes of all");
    await owner.put(shared.id, "taxes.txt", "x");
    const file = await owner.put("root", "Taxes.pdf", "x");
    for (const { id } of [shared, file]) {
      const grantId = newTestId();
      await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
        values (${spaceId}, ${grantId}, ${id}, 'user', ${caller.userId}, 'viewer', ${userId}, 0)`.execute(owner.db);
      await sql`insert into shard.received (grantee_id, grant_id, space_id, node_id)
        values (${caller.userId}, ${grantId}, ${spaceId}, ${id})`.execute(owner.db);
    }
    await addNames(viewer, "file", ["my taxes.txt", "taxes 2026.txt", "surtaxes.txt"]);
    const request = { q: "taxes" };
    const names = async (more: Omit<SearchRequest, "q"> = {}) =>
      (await searchAll(shards, caller, { ...request, ...more })).map(({ name }) => name);
    const best = ["Taxes.pdf", "Taxes of all", "taxes 2026.txt", "my taxes.txt", "surtaxes.txt"];
    assert.deepEqual(await names({ limit: 1 }), [...best, "taxes.txt"]);
    const [{ items }, whole] = [await search(shards, caller, { ...request, limit: 5 }), await names()];
    assert.deepEqual(
      items.map(({ name }) => name),
      best,
    );
    assert.deepEqual(
      whole,
      ["taxes.txt", ...best].toSorted((left, right) => whole.indexOf(left) - whole.indexOf(right)),
    );
    assert.deepEqual((await names({ owner: "others", limit: 2 })).toSorted(), [
      "Taxes of all",
      "Taxes.pdf",
      "taxes.txt",
    ]);
    assert.deepEqual(await names({ owner: userId, limit: 1 }), ["Taxes.pdf", "Taxes of all", "taxes.txt"]);
    assert.deepEqual(await names({ owner: "me" }), best.slice(2));
    assert.deepEqual(await names({ in: shared.id }), ["taxes.txt"]);
    const common = { ...request, q: "tax", owner: "others", limit: 1 };
    await addNames(
      viewer,
      "file",
      named(limits.searchCommonRows, (at) => `tax ${at}`),
    );
    const cursor = encodeCursor(["", encodeCursor({ best: 0, window: { from: null, to: null }, after: null })]);
    assert.deepEqual(
      (await search(shards, caller, { ...common, cursor })).items.map(({ name }) => name),
      ["Taxes of all"],
    );
  });

  test("a name and a query longer than an index key are found", async () => {
    const space = await makeTestSpace(databases.shards);
    const long = "\u{fdfa}".repeat(85);
    await space.put("root", long, "x");
    await addNames(space, "file", [
      ...named(limits.searchCommonRows, (at) => `${"long ".repeat(8)}${at}`),
      `old ${"long ".repeat(8).trim()}`,
      `${"long ".repeat(8).trim()}.txt`,
    ]);
    assert.deepEqual(await first(space, long.slice(0, 10)), [long]);
    const found = await first(space, "long ".repeat(8), 30);
    assert.deepEqual(
      [found.length, found[0], found.at(-1)],
      [22, `${"long ".repeat(8).trim()}.txt`, `old ${"long ".repeat(8).trim()}`],
    );
  });

  test("a letter, a common word and a rare one use an index in a large space", async () => {
    const space = await makeTestSpace(databases.shards);
    await addNames(space, "file", [...named(5000, (at) => `common ${at}`), ...named(50, (at) => `a rare ${at}`)]);
    await sql`analyze shard.nodes`.execute(space.db);
    for (const [q, index] of [
      ["c", "nodes_name_start"],
      ["common", "nodes_name_start"],
      ["rare", "nodes_folded_name"],
      // In no trigram.
      ["---", "nodes_name_start"],
      ["c", "nodes_updated"],
    ] as const) {
      statements.length = 0;
      await search(shards, space.caller, { q, limit: 50 });
      const plans = await Promise.all(
        statements.map(async ({ text, parameters }) =>
          JSON.stringify((await pool.query(`explain (format json) ${text}`, [...parameters])).rows),
        ),
      );
      assert.ok(
        plans.some((plan) => plan.includes(index)),
        `${q} ${index}`,
      );
      for (const [at, plan] of plans.entries())
        assert.ok(!plan.includes("Seq Scan"), `${statements[at]?.text}\n${plan}`);
    }
  });
});
