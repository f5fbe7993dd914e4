import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import { startTestDatabase, type TestDatabase } from "../../base/db/testing.ts";
import { copyDatabase } from "./copy-database.ts";

let from: TestDatabase;
let to: TestDatabase;
before(async () => {
  [from, to] = [await startTestDatabase(), await startTestDatabase()];
});
after(async () => {
  await from?.stop();
  await to?.stop();
});

async function query(database: TestDatabase, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(database.connection);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement);
    return rows;
  } finally {
    await client.end();
  }
}

async function inBoth(statement: string): Promise<void> {
  for (const each of [from, to]) await query(each, statement);
}

const copy = (progress?: Steps) => copyDatabase({ from: from.connection, to: to.connection, at: () => {}, progress });

class Steps {
  readonly #steps: { readonly name: string; readonly total: number | undefined; bytes: number }[] = [];

  begin(name: string, total?: { readonly bytes: number }): void {
    this.#steps.push({ name, total: total?.bytes, bytes: 0 });
  }

  done(bytes: number): void {
    const step = this.#steps.at(-1);
    assert.ok(step?.total !== undefined && bytes >= 0, "a step whose bytes are counted has a total");
    step.bytes += bytes;
  }

  get whole(): readonly string[] {
    for (const { name, total = 0, bytes } of this.#steps) assert.equal(bytes, total, name);
    return this.#steps.map(({ name, total = 0 }) => (total > 300_000 ? `${name}, bytes` : name));
  }
}

const failsWith = (pattern: RegExp) =>
  assert.rejects(
    copy(),
    (error) => error instanceof HoldfastError && error.code === "failed" && pattern.test(error.message),
  );

const tables = `
  create schema odd;
  create type odd.colour as enum ('red', 'green');
  create table odd."Quoted table" (id int8 generated always as identity primary key, "a b" text, twice int8 generated always as (id * 2) stored);
  create table odd.things (
    id uuid primary key, parent uuid references odd.things, body bytea, said jsonb, told json, names text[], at timestamptz,
    colour odd.colour, share float8, amount numeric, searched tsvector, nothing int4);
  create table odd.empty (n int4);
  create sequence odd.never;
  create sequence odd.counter;
  create function odd.count() returns trigger language plpgsql as $$ begin perform nextval('odd.counter'); return new; end $$;
  create trigger counted before insert on odd.things for each row execute function odd.count()`;

const rows = `
  insert into odd."Quoted table" ("a b") select case when n % 2 = 0 then null else repeat('é', n) end from generate_series(1, 1000) n;
  delete from odd."Quoted table" where id > 900;
  insert into odd.things values
    ('00000000-0000-4000-8000-000000000002', null, '\\x00ff0a5c', '{"a": [1, null, "\\u00fc\\n"]}', '{"b" :  1, "b": 2}',
      '{"x,y", null, "\\"q\\""}', '2026-02-28 23:59:59.999999+00', 'green', 'NaN', 0.1000, to_tsvector('simple', 'one two'), null),
    ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', '', 'null', 'null', '{}', 'infinity', null, '-Infinity', 1e100, null, 1);
  insert into odd.things (id, body) values ('00000000-0000-4000-8000-000000000003', (select string_agg(decode(md5(n::text), 'hex'), '') from generate_series(1, 100000) n))`;

test("rows of all types are copied unchanged, with sequences and without firing triggers", async () => {
  await inBoth(tables);
  await query(from, rows);
  await query(to, "insert into odd.empty values (1)");
  const steps = new Steps();
  assert.deepEqual(await copy(steps), { tables: 3, rows: 903 });
  assert.deepEqual(steps.whole, [
    "copying tables, bytes",
    "comparing tables, bytes",
    "collecting statistics of the new database",
  ]);
  for (const statement of [
    `select id, "a b", twice from odd."Quoted table" order by id`,
    "select *, md5(body) as sum from odd.things order by id",
    "select * from odd.empty",
    "select last_value, is_called from odd.counter",
  ])
    assert.deepEqual(await query(to, statement), await query(from, statement), statement);
  const next = 'insert into odd."Quoted table" default values returning id, twice';
  assert.deepEqual(await query(to, next), [{ id: "1001", twice: "2002" }]);
  assert.deepEqual(await query(to, "select nextval('odd.never') as n, nextval('odd.counter') as counted"), [
    { n: "1", counted: "4" },
  ]);
});

test("a row copied incorrectly is detected, and nothing of the copy stays", async () => {
  await query(
    to,
    `create function odd.spoil() returns trigger language plpgsql as $$ begin new.share := 0; return new; end $$;
    create trigger spoiled before insert on odd.things for each row execute function odd.spoil();
    alter table odd.things enable always trigger spoiled`,
  );
  const count = "select count(*) from odd.things where share = 0";
  await failsWith(/The table odd\.things was not copied correctly/);
  assert.deepEqual(await query(to, count), [{ count: "0" }]);
  await query(to, "drop trigger spoiled on odd.things");
});

test("foreign or altered tables are named before anything is copied", async () => {
  await query(from, "create table public.mine (n int4)");
  await failsWith(/do not belong to Holdfast.*public\.mine/);
  await query(to, "create table public.mine (n int8)");
  await failsWith(/public\.mine of the database differ from those/);
  await query(from, "drop table public.mine");
  await failsWith(/public\.mine of the database differ from those/);
});
