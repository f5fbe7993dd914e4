import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import pg from "pg";
import { findRunningPostgres } from "../base/db/embedded-postgres.ts";
import { assertCommitted, type BatchFile, hashOf, putBatch } from "./batches.ts";
import {
  Api,
  eventually,
  makeFolder,
  queryDatabase,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

/** HOLDFAST_TRANSFER_FILES=2000 for the long form. */
const fileCount = Number(process.env["HOLDFAST_TRANSFER_FILES"] ?? 120);
const versionCount = 3;
const timeoutMs = 60_000;

interface Moment {
  /** Takes the lock that makes the job wait. */
  readonly lock: string;
  /** After this number of copied versions, each further one waits for `versionsLock`. */
  readonly afterVersions?: number;
  /** Expected content of the new space at that time. */
  readonly isThere: (done: { nodes: number; versions: number; isAttached: boolean }) => boolean;
}

const all = (fileCount + 1) * versionCount;
const versionsLock = 4711;
const moments: Readonly<Record<string, Moment>> = {
  "before the first version": {
    lock: "lock table shard.versions in share mode",
    isThere: ({ nodes, versions }) => nodes > 2 && versions === 0,
  },
  "between versions": {
    lock: `select pg_advisory_xact_lock(${versionsLock})`,
    afterVersions: 100,
    isThere: ({ versions, isAttached }) => versions >= 100 && versions < all && !isAttached,
  },
  "before the old permissions end": {
    lock: "select from shard.grants where space_id = $from for update",
    isThere: ({ versions, isAttached }) => versions === all && isAttached,
  },
};

/**
 * Invariant: an accepted transfer completes exactly once, regardless of `kill -9` of its server.
 * During each kill, a lock of this test holds the job at a known place.
 */
describe("Ownership transfer by a killed server", () => {
  let folder: string;
  let data: string;
  let server: ServerProcess;
  let people: Record<"olga" | "emil" | "vera", Person>;

  const signIn = async (name: string): Promise<Person> => {
    const account = accountOf(name);
    const api = await Api.signIn(server.url, account);
    const { id } = await ok(api, "GET", "/account");
    const [space] = await queryDatabase(data, `select id from shard.spaces where owner_id = '${id}'`);
    return { api, email: account.email, spaceId: space.id };
  };
  const signInAll = async () => {
    const [olga, emil, vera] = await Promise.all([signIn("olga"), signIn("emil"), signIn("vera")]);
    people = { olga, emil, vera };
  };

  before(async () => {
    folder = makeFolder("transfer-killed");
    data = `${folder}/data`;
    server = await spawnServer({ dataFolder: data });
    const admin = await Api.signIn(server.url);
    for (const name of ["olga", "emil", "vera"]) await ok(admin, "POST", "/admin/users", { ...accountOf(name), name });
    await signInAll();
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const standingOf = async (id: string) => {
    const [row] = await queryDatabase(
      data,
      `select a.top_id is not null as attached,
        (select count(*)::int from shard.nodes n where n.space_id = a.space_id and n.updated_at >= a.created_at) as nodes,
        (select count(*)::int from shard.versions v join shard.nodes n on n.space_id = v.space_id and n.id = v.node_id
          where v.space_id = a.space_id and n.updated_at >= a.created_at) as versions
       from shard.arrivals a where a.id = '${id}'`,
    );
    return { nodes: row?.nodes ?? 0, versions: row?.versions ?? 0, isAttached: row?.attached === true };
  };

  const killAt = async ({ lock, afterVersions, isThere }: Moment, id: string, begin: () => Promise<void>) => {
    if (afterVersions !== undefined) await stopVersions(data, people.emil, afterVersions);
    const holder = await holdLock(data, lock.replace("$from", `'${people.olga.spaceId}'`));
    try {
      await begin();
      await eventually("the job waits", timeoutMs, async () => ((await holder.isWaitedFor()) ? true : undefined));
      const standing = await standingOf(id);
      assert.ok(isThere(standing), `not the moment that is meant: ${JSON.stringify(standing)}`);
      await server.kill();
    } finally {
      await holder.release();
    }
    server = await spawnServer({ dataFolder: data, port: server.port });
    await signInAll();
    return id;
  };

  const transfer = async (name: string, moment: Moment) => {
    const { olga, vera } = people;
    const empty = await sumsOf(data, olga);
    const contents = await makeWork(olga.api, name);
    const top = await olga.api.idOf(`/${name}`);
    await ok(olga.api, "POST", `/files/${top}/share`, { role: "viewer", email: vera.email });
    const whole = await historyOf(data, olga, name);
    assert.equal(whole.versions.length, all);
    const sums = { olga: await sumsOf(data, olga), emil: await sumsOf(data, people.emil) };
    const weighs = differenceOf(sums.olga, empty);
    const { id } = await ok(olga.api, "POST", `/files/${top}/transfer`, { email: people.emil.email });
    let job = "";
    const begin = async () => void (job = (await ok(people.emil.api, "POST", `/transfers/${id}/accept`)).job);
    await killAt(moment, id, begin);
    const done = await eventually("the transfer is done", timeoutMs, async () => {
      const { state, result } = await ok(people.emil.api, "GET", `/jobs/${job}`);
      assert.notEqual(state, "failed", JSON.stringify(result));
      return state === "done" ? result : undefined;
    });
    const { files, folders, versions, bytes } = done;
    assert.deepEqual([files, folders, versions, bytes], [fileCount + 1, 2, all, whole.headBytes]);
    assert.deepEqual(await historyOf(data, people.emil, name), whole);
    await verifyContents(people.emil.api, contents);
    return { name, old: top, id: done.id as string, weighs, sums };
  };

  /** Same users as before, once each, with the old owner as editor. */
  const verifySharing = async (id: string) => {
    const { olga, emil, vera } = people;
    const { items } = await ok(emil.api, "GET", `/files/${id}/permissions`);
    const given = items.map((each: { grantee: { email: string }; role: string }) => [each.grantee.email, each.role]);
    assert.deepEqual(given.toSorted(), [
      [olga.email, "editor"],
      [vera.email, "viewer"],
    ]);
    const left = await queryDatabase(data, `select id from shard.grants where space_id = '${olga.spaceId}'`);
    assert.deepEqual(left, [], "permissions stayed at the old place");
    for (const { api } of [olga, emil]) assert.deepEqual((await ok(api, "GET", "/transfers")).items, []);
  };

  /** Attempts leave nothing behind: the weights are unchanged. */
  const verifySums = async ({ weighs, sums }: Awaited<ReturnType<typeof transfer>>) => {
    const { olga, emil } = people;
    assert.deepEqual(differenceOf(await sumsOf(data, emil), sums.emil), weighs);
    // The old owner has it in the trash, and it counts there until permanent removal.
    assert.deepEqual(await sumsOf(data, olga), sums.olga);
    assert.equal((await ok(emil.api, "GET", "/account")).used_bytes, sums.emil.used_bytes + weighs.used_bytes);
  };

  for (const [index, [what, moment]] of Object.entries(moments).entries()) {
    test(`is completed exactly once after a kill ${what}`, async () => {
      const name = `work ${index}`;
      const came = await transfer(name, moment);
      const names = Array.from({ length: index + 1 }, (_, at) => `work ${at}`);
      assert.deepEqual(await namesIn(people.emil.api), names);
      assert.deepEqual(await namesIn(people.olga.api), []);
      const { items } = await ok(people.olga.api, "GET", "/trash");
      assert.equal(items.filter((each: { id: string }) => each.id === came.old).length, 1);
      await verifySharing(came.id);
      await verifySums(came);
    });
  }
});

interface Person {
  readonly api: Api;
  readonly email: string;
  readonly spaceId: string;
}

function accountOf(name: string) {
  return { email: `${name}@example.com`, password: `the password of ${name}` };
}

async function ok(api: Api, method: string, path: string, json?: unknown) {
  const { status, body } = await api.call(method, path, json);
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function namesIn(api: Api): Promise<string[]> {
  const { items } = await ok(api, "GET", "/folders/root/contents");
  return items.map((each: { name: string }) => each.name);
}

async function makeWork(api: Api, name: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const folder of [`/${name}`, `/${name}/low`])
    await ok(api, "POST", "/metadata", { path: folder, kind: "folder" });
  for (let version = 1; version <= versionCount; version += 1) {
    const files = Array.from({ length: fileCount }, (_, index): BatchFile => {
      const text = `${name}: file ${index} version ${version}`;
      return { path: `/${name}/${index % 2 === 0 ? "" : "low/"}${index}`, blocks: [Buffer.from(text)] };
    });
    // The list is too long for the version's row. The blocks are tiny, because only their number matters.
    const long = Array.from({ length: limits.manifestEntriesInline + 300 }, (_, at) =>
      Buffer.from(`${name}: ${at} ${at === 400 ? version : 0}`),
    );
    files.push({ path: `/${name}/long`, blocks: long });
    for (let from = 0; from < files.length; from += 200) {
      const some = files.slice(from, from + 200);
      assertCommitted(await putBatch(api, some));
      for (const { path, blocks } of some) contents.set(path, hashOf(Buffer.concat(blocks)));
    }
  }
  for (const path of [`/${name}/0`, `/${name}/low/1`, `/${name}/long`]) {
    const id = await api.idOf(path);
    await ok(api, "PATCH", `/files/${id}/versions/2`, { label: `second of ${path}` });
    for (const text of ["one", "two"]) await ok(api, "POST", `/files/${id}/comments`, { text: `${text} on ${path}` });
  }
  await ok(api, "POST", `/files/${await api.idOf(`/${name}`)}/comments`, { text: "on all of it" });
  return contents;
}

async function verifyContents(api: Api, contents: ReadonlyMap<string, string>): Promise<void> {
  const left = contents.entries();
  const readers = Array.from({ length: 4 }, async () => {
    for (const [path, hash] of left) {
      const { status, body } = await api.download(path);
      assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
      assert.equal(hashOf(body), hash, path);
    }
  });
  await Promise.all(readers);
}

/** Nodes at a name in a root, by path. Includes versions and comments, without values that a transfer renews. */
async function historyOf(data: string, { spaceId }: Person, name: string) {
  const below = `
    with recursive tree as (
      select n.id, n.size, left(n.name, 0) as path from shard.nodes n join shard.spaces s on s.id = n.space_id
      where s.id = '${spaceId}' and n.parent_id = s.root_id and n.name = '${name}' and n.trashed_at is null
      union all
      select n.id, n.size, tree.path || '/' || n.name from shard.nodes n
      join tree on n.parent_id = tree.id where n.space_id = '${spaceId}' and n.trashed_at is null
    )`;
  const versions = await queryDatabase(
    data,
    `${below} select path, number, encode(content_id, 'hex') as content, v.size, label, created_by, created_at
     from tree join shard.versions v on v.space_id = '${spaceId}' and v.node_id = tree.id order by path, number`,
  );
  const comments = await queryDatabase(
    data,
    `${below} select path, text, author, at
     from tree join shard.comments c on c.space_id = '${spaceId}' and c.node_id = tree.id order by path, at, text`,
  );
  const [sum] = await queryDatabase(data, `${below} select sum(size)::int as bytes from tree`);
  return { versions, comments, headBytes: sum.bytes as number };
}

async function sumsOf(data: string, { spaceId }: Person) {
  const [row] = await queryDatabase(
    data,
    `select used_bytes::int, stored_bytes::int, metadata_bytes::int from shard.spaces where id = '${spaceId}'`,
  );
  return row as Readonly<Record<"used_bytes" | "stored_bytes" | "metadata_bytes", number>>;
}

function differenceOf<Sums extends Readonly<Record<string, number>>>(later: Sums, earlier: Sums): Sums {
  return Object.fromEntries(Object.entries(later).map(([name, bytes]) => [name, bytes - (earlier[name] ?? 0)])) as Sums;
}

/** After `more` further versions in the space, each statement that inserts versions waits for `versionsLock`. */
async function stopVersions(data: string, { spaceId }: Person, more: number): Promise<void> {
  const [known] = await queryDatabase(
    data,
    `select count(*)::int as count from shard.versions where space_id = '${spaceId}'`,
  );
  await queryDatabase(
    data,
    `create function public.stop_versions() returns trigger language plpgsql as $$
     begin
       if (select count(*) from shard.versions where space_id = '${spaceId}') >= ${known.count + more} then
         perform pg_advisory_xact_lock_shared(${versionsLock});
       end if;
       return null;
     end $$;
     create trigger stop_versions before insert on shard.versions for each statement execute function public.stop_versions()`,
  );
}

async function holdLock(data: string, statement: string) {
  const client = new pg.Client(findRunningPostgres(data));
  await client.connect();
  const { rows } = await client.query("select pg_backend_pid() as pid");
  await client.query("begin");
  await client.query(statement);
  return {
    isWaitedFor: async () => {
      const waiting = `select from pg_stat_activity where ${rows[0].pid} = any(pg_blocking_pids(pid))`;
      return (await queryDatabase(data, waiting)).length > 0;
    },
    release: () => client.end(),
  };
}
