import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import { hashOf, putBatch } from "./batches.ts";
import { fillUpTo, withSmallDisk } from "./small-disk.ts";
import {
  administrator,
  Api,
  type ApiAnswer,
  eventually,
  holdfast,
  makeFolder,
  ok,
  removeFolder,
  startServer,
} from "./testing.ts";
import { isPassingFailure, verifyFiles } from "./traffic.ts";

const mib = 1024 * 1024;
const reserveBytes = 48 * mib;

/**
 * Invariant: uploads leave the reserve free and are refused before their bytes are sent. Removals still work, and
 * nobody has to restart anything once there is room.
 */
test("uploads stop at the disk reserve, while reads, deletions, collection and the database continue", (t) =>
  withSmallDisk(t, 256 * mib, async (disk) => {
    const data = `${disk}/data`;
    const env = { HOLDFAST_DISK_RESERVE_BYTES: String(reserveBytes) };
    const server = await startServer({
      dataFolder: data,
      env,
    });
    try {
      const api = await Api.signIn(server.url);
      const large = randomBytes(6 * mib);
      assert.equal((await api.put("/large", large)).status, 201);
      assert.deepEqual((await readiness(server.url)).checks["room"], "ok");
      fillUpTo(disk, reserveBytes + 20 * mib);
      const files = new Map([["/large", hashOf(large)]]);
      await putUntilRefused(api, files);
      assert.ok(freeBytes(disk) > reserveBytes - 4 * mib, `${freeBytes(disk)} bytes are left`);

      // With a known size, the content is never requested.
      const early = await announce(server.url, api.token ?? "", 12 * mib);
      assert.deepEqual([early.status, early.code], [503, "store_full"]);
      for (const answer of [
        await api.call("POST", "/files/upload?uploadType=resumable", { path: "/pieces", size: 12 * mib }),
        await api.call("POST", "/blocks/query", { hashes: ["ab".repeat(32)], growth_bytes: 12 * mib }),
        await putBatch(api, [{ path: "/batch", blocks: [randomBytes(3 * mib)] }]),
      ])
        assertFull(answer);

      // Other data takes the rest, except for the database log's need.
      rmSync(`${disk}/filler`);
      fillUpTo(disk, 36 * mib);
      assertFull(await api.put("/small", randomBytes(20_000)));
      await verifyFiles(api, files);
      await ok(api, "POST", "/metadata", { path: "/folder", kind: "folder" });
      const state = await readiness(server.url);
      assert.deepEqual([state.http, state.status], [200, "ok"]);
      assert.match(state.checks["room"] ?? "", /nearly full: .+HOLDFAST_DISK_RESERVE_BYTES/);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      assert.match(metrics, new RegExp(`^disk_reserve_bytes\\{folder="${data}"\\} ${reserveBytes}$`, "m"));
      assert.match(metrics, new RegExp(`^disk_free_bytes\\{folder="${data}"\\} \\d+$`, "m"));
      const doctor = await holdfast(["admin", "doctor", "--data", data], { env });
      assert.match(
        doctor.stdout + doctor.stderr,
        /less than the reserve of [\d.]+ [KMG]i?B \(HOLDFAST_DISK_RESERVE_BYTES\): uploads are refused/,
      );

      await remove(api, "/large");
      files.delete("/large");
      const collected = await holdfast(["admin", "gc", "--now", "--data", data]);
      assert.equal(collected.code, 0, collected.stderr);

      rmSync(`${disk}/filler`);
      await eventually("uploads go on by themselves", 60_000, async () => {
        const answer = await api.put("/after", large);
        return answer.status === 201 ? true : assertFull(answer);
      });
      await verifyFiles(api, files.set("/after", hashOf(large)));
      assert.equal((await readiness(server.url)).checks["room"], "ok");
    } finally {
      await server.stop();
    }
  }));

/** Removals of each way to remove, until one is refused. */
const filesMax = 8;
const fullDatabase = /database is full, so it accepts no changes\. Nothing is lost[^]*free some space/;

test("on a completely full disk, writes fail with advice, reads work, and all works again with free space", (t) =>
  withSmallDisk(t, 256 * mib, async (disk) => {
    const data = `${disk}/data`;
    const env = { HOLDFAST_DISK_RESERVE_BYTES: String(16 * mib) };
    // A database of its own and not a copy of one, whose log has holes that need room.
    mkdirSync(data, { mode: 0o700 });
    const server = await startServer({ dataFolder: data, env });
    try {
      const api = await Api.signIn(server.url);
      const content = randomBytes(mib);
      const ways = [[], ["--permanent", "--yes"]];
      const pathOf = (way: number, file: number) => `/way ${way}, file ${file}`;
      for (const way of ways.keys())
        for (let file = 0; file < filesMax; file++)
          assert.equal((await api.put(pathOf(way, file), content)).status, 201);
      const connection = { HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: api.token ?? "" };
      const rm = (...args: string[]) => holdfast(["rm", ...args], { env: connection });
      fillUpTo(disk, 0);
      await eventually("the database has no room left", 60_000, async () => {
        const path = `/${randomBytes(6).toString("hex")}`;
        const answer = await api.call("POST", "/metadata", { path, kind: "folder" });
        if (answer.status < 300) return undefined;
        assert.deepEqual([answer.status, answer.body.code], [503, "store_full"]);
        assert.match(answer.body.detail, fullDatabase);
        return true;
      });
      await eventually("signing in has no room left", 60_000, async () => {
        const { status, body } = await new Api(server.url).call("POST", "/sessions", administrator);
        if (status === 200) return undefined;
        assert.deepEqual([status, body.code], [503, "store_full"], JSON.stringify(body));
        assert.match(body.detail, fullDatabase);
        return true;
      });
      // The database may still find room for some removals.
      const refused: { readonly path: string; readonly args: readonly string[] }[] = [];
      for (const [way, args] of ways.entries()) {
        for (let file = 0; refused.length === way; file++) {
          const path = pathOf(way, file);
          assert.ok(file < filesMax, `no removal was refused: rm ${args.join(" ")}`);
          const { code, stderr } = await rm(...args, path);
          if (code === 0) continue;
          assert.match(stderr, fullDatabase);
          refused.push({ path, args });
        }
      }
      await verifyFiles(api, new Map(refused.map(({ path }) => [path, hashOf(content)])));
      const { stdout } = await holdfast(["admin", "doctor", "--data", data], { env });
      assert.match(stdout, /Free some space now, without Holdfast: see docs\/accidents\.md/);
      assert.doesNotMatch(stdout, /Reading, deleting/);
      rmSync(`${disk}/filler`);
      await eventually("it deletes again, and nobody has started anything", 60_000, async () => {
        for (const { path, args } of refused) {
          const { code, stderr } = await rm(...args, path);
          if (code !== 0 && !/There is no/.test(stderr)) return undefined;
        }
        return true;
      });
      await Api.signIn(server.url);
      assert.equal((await api.put("/after", content)).status, 201);
    } finally {
      await server.stop();
    }
  }));

test("by default, a small disk keeps space for the database log, and every file can be deleted", (t) =>
  withSmallDisk(t, 256 * mib, async (disk) => {
    mkdirSync(`${disk}/data`, { mode: 0o700 });
    const server = await startServer({ dataFolder: `${disk}/data` });
    try {
      const api = await Api.signIn(server.url);
      const files = new Map<string, string>();
      await putUntilRefused(api, files);
      assert.ok(freeBytes(disk) > 124 * mib, `${freeBytes(disk)} bytes are left`);
      for (const path of files.keys()) await remove(api, path);
      assert.ok(freeBytes(disk) > 32 * mib, `${freeBytes(disk)} bytes are left`);
    } finally {
      await server.stop();
    }
  }));

test("by default, a store reserves a twentieth of a small disk, and nothing with a setting of 0", (t) =>
  withSmallDisk(t, 64 * mib, async (disk) => {
    const folder = makeFolder("disk-reserve");
    try {
      for (const [env, leastBytes, mostBytes] of [
        [{}, 3 * mib, 6 * mib],
        [{ HOLDFAST_DISK_RESERVE_BYTES: "0" }, 0, 2 * mib],
      ] as const) {
        const server = await startServer({ dataFolder: `${folder}/data`, args: ["--store", `${disk}/store`], env });
        try {
          await putUntilRefused(await Api.signIn(server.url), new Map());
        } finally {
          await server.stop();
        }
        const left = freeBytes(disk);
        assert.ok(left >= leastBytes && left <= mostBytes, `${left} bytes are left with ${JSON.stringify(env)}`);
      }
    } finally {
      removeFolder(folder);
    }
  }));

async function putUntilRefused(api: Api, files: Map<string, string>): Promise<void> {
  for (let file = 0; file < 100; file++) {
    const content = randomBytes(mib);
    const path = `/file-${randomBytes(6).toString("hex")}`;
    const answer = await api.put(path, content);
    if (answer.status >= 400) {
      assertFull(answer);
      return;
    }
    files.set(path, hashOf(content));
  }
  assert.fail("nothing is ever refused");
}

function assertFull(answer: ApiAnswer): undefined {
  assert.ok(isPassingFailure(answer), `answered ${answer.status} ${JSON.stringify(answer.body)}`);
  assert.equal(answer.body.code, "store_full");
  assert.match(answer.body.detail, /The server is full[^]*Nothing is lost[^]*free some space/);
}

async function remove(api: Api, path: string): Promise<void> {
  const id = await api.idOf(path);
  for (const query of ["", "?permanent=true"]) {
    const { status, body } = await api.call("DELETE", `/files/${id}${query}`);
    assert.ok(status < 300, JSON.stringify(body));
  }
}

function freeBytes(disk: string): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}

interface Ready {
  readonly http: number;
  readonly status: string;
  readonly checks: Readonly<Record<string, string>>;
}

async function readiness(url: string): Promise<Ready> {
  const answer = await fetch(`${url}/readyz`);
  return { http: answer.status, ...((await answer.json()) as Omit<Ready, "http">) };
}

function announce(
  url: string,
  token: string,
  sizeBytes: number,
): Promise<{ status: number | undefined; code: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-length": sizeBytes };
    const sent = request(`${url}/api/v1/files/upload?uploadType=media&path=/early`, { method: "POST", headers });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (some: string) => (text += some));
      answer.once("end", () => {
        resolve({ status: answer.statusCode, code: JSON.parse(text).code });
        sent.destroy();
      });
    });
    sent.flushHeaders();
  });
}
