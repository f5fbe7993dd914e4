import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { SpaceId } from "@holdfast/core/ids";
import { seed } from "@holdfast/tools/properties";
import { type Databases, openDatabases } from "../base/db/shards.ts";
import { silentLog } from "../base/db/testing.ts";
import { checkInvariants } from "../tree/testing/invariants.ts";
import { putBatch } from "./batches.ts";
import { Api, type ApiAnswer } from "./testing.ts";
import { drawsOf } from "./traffic.ts";
import { startTwoServers, type TwoServers } from "./two-servers.ts";

const rounds = Number(process.env["HOLDFAST_ROUNDS"] ?? 40);

describe(`Two servers on one database (replay with HOLDFAST_SEED=${seed}, longer with HOLDFAST_ROUNDS)`, () => {
  let started: TwoServers;
  let databases: Databases;
  let apis: [Api, Api];
  let spaceId: SpaceId;

  before(async () => {
    started = await startTwoServers("two-servers");
    const [one, two] = started.servers;
    apis = [await Api.signIn(one.url), await Api.signIn(two.url)];
    databases = openDatabases({ defaultConnection: started.postgres.connection, log: silentLog });
    const { db } = databases.shards.all()[0]!;
    spaceId = (await db.selectFrom("shard.spaces").select("id").executeTakeFirstOrThrow()).id;
  });
  after(async () => {
    await databases?.close();
    await started?.stop();
  });

  const assertSound = () => checkInvariants(databases.shards.ofId(spaceId).db, spaceId);
  const assertNoConflicts = async () => {
    for (const api of apis) {
      const { body } = await api.call("GET", `${api.url}/metrics`);
      assert.equal(/^database_conflicts_total (\d+)$/m.exec(String(body))?.[1], "0", "no transaction gave way");
    }
  };
  const both = <Result>(ask: (api: Api) => Promise<Result>) => Promise.all(apis.map(ask));

  test("the same operation on both at once runs once and gets equal responses", async () => {
    const { body: folderNode } = await apis[0].call("POST", "/metadata", { path: "/same", kind: "folder" });
    for (let round = 0; round < rounds; round += 1) {
      const operation_id = randomBytes(16).toString("hex");
      const operations = [{ op: "mkdir", operation_id, parent_id: folderNode.id, name: `batch ${round}` }];
      const headers = { "idempotency-key": `key ${round}` };
      const [one, two] = await both((api) => api.call("POST", "/sync/delta", { operations }));
      assert.equal(one?.body.results[0].status, "committed", JSON.stringify(one?.body));
      assert.deepEqual(one?.body.results, two?.body.results);
      const [left, right] = await both((api) =>
        api.put(`/same/upload ${round}`, "x", "").then((answer) => answer.status),
      );
      assert.deepEqual(new Set([left, right]), new Set([201, 409]), "without a key one of them comes too late");
      const json = { parent_id: folderNode.id, name: `keyed ${round}`, kind: "folder" };
      const [first, second] = await both((api) => api.call("POST", "/metadata", json, { headers }));
      assert.deepEqual([first?.status, first?.body], [second?.status, second?.body]);
      assert.equal(first?.status, 201);
    }
    const { body } = await apis[1].call("GET", `/folders/${folderNode.id}/contents?limit=1000`);
    assert.equal(body.items.length, 3 * rounds);
    await assertSound();
    await assertNoConflicts();
  });

  test("concurrent changes of one tree keep its invariants and cause no transaction conflicts", async () => {
    const workers = Array.from({ length: 6 }, (_, worker) => work(worker));
    for (const done of await Promise.all(workers))
      assert.ok(done > rounds / 4, `only ${done} of ${rounds} acts of a worker succeeded`);
    await assertSound();
    await assertNoConflicts();
  });

  /**
   * Random acts at both servers, mostly on things that others use too.
   * @returns the number of successful ones
   */
  async function work(worker: number): Promise<number> {
    const draw = drawsOf(`${seed} ${worker}`);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(draw() * items.length)] as Item;
    const path = () => `/tree/${pick(["a", "b", "c"])}/${pick(["x", "y", "z"])}`;
    const content = () =>
      createHash("sha512")
        .update(String(Math.floor(draw() * 8)))
        .digest();
    const idOf = async (api: Api): Promise<string | undefined> =>
      (await api.call("GET", `/metadata?path=${encodeURIComponent(draw() < 0.3 ? path().slice(0, 7) : path())}`)).body
        .id;
    const onNode = async (ask: (api: Api, id: string) => Promise<ApiAnswer>): Promise<ApiAnswer | undefined> => {
      const api = pick(apis);
      const id = await idOf(api);
      return id === undefined ? undefined : ask(api, id);
    };
    const actions: (() => Promise<ApiAnswer | undefined>)[] = [
      () => pick(apis).call("POST", "/metadata", { path: path(), kind: "folder", parents: true }),
      () => pick(apis).put(path(), content(), "&on_conflict=replace"),
      () =>
        putBatch(
          pick(apis),
          Array.from({ length: 8 }, () => ({ path: path(), blocks: [new Uint8Array(content())] })),
        ),
      () =>
        onNode((api, id) => api.call("PATCH", `/files/${id}`, { name: pick(["x", "y", "z"]), on_conflict: "replace" })),
      () =>
        onNode((api, id) =>
          api.call("POST", `/files/${id}/copy`, { parent_id: "root", name: "copy", on_conflict: "replace" }),
        ),
      () => onNode((api, id) => api.call("DELETE", `/files/${id}${pick(["", "?permanent=true"])}`)),
      () => pick(apis).call("DELETE", "/trash"),
      () => uploadOverBoth(path(), Buffer.concat([content(), randomBytes(300_000)]), pick),
    ];
    let done = 0;
    for (let step = 0; step < rounds; step += 1) {
      const answer = await pick(actions)();
      // Conflicts with others are refused, but nothing may fail.
      if (answer !== undefined) assert.ok(answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)}`);
      if (answer !== undefined && answer.status < 300) done += 1;
    }
    return done;
  }

  async function uploadOverBoth(
    path: string,
    bytes: Buffer,
    pick: <Item>(items: readonly Item[]) => Item,
  ): Promise<ApiAnswer> {
    const start = { path, size: bytes.length, on_conflict: "replace" };
    const session = await pick(apis).call("POST", "/files/upload?uploadType=resumable", start);
    if (session.status !== 200) return session;
    let answer = session;
    for (let at = 0; at < bytes.length; at += 100_000) {
      const end = Math.min(bytes.length, at + 100_000);
      answer = await pick(apis).call("PUT", `/upload/${session.body.upload_id}`, undefined, {
        body: new Uint8Array(bytes.subarray(at, end)),
        headers: { "content-range": `bytes ${at}-${end - 1}/${bytes.length}` },
      });
    }
    if (answer.status >= 400) await pick(apis).call("DELETE", `/upload/${session.body.upload_id}`);
    return answer;
  }
});
