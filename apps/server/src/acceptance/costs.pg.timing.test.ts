import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { applySplices, type ManifestEntry } from "@holdfast/core/manifest";
import { encodeFrame } from "@holdfast/protocol/frames";
import { Api, makeFolder, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";

const mib = 1024 * 1024;

describe("Server cost of single requests", () => {
  let folder: string;
  let server: ServerProcess;
  let api: Api;
  /** Enough that their lists are cut into segments like those of files. */
  let blocks: ManifestEntry[];
  let calibrationMs: number;

  before(async () => {
    folder = makeFolder("costs");
    server = await spawnServer({ dataFolder: join(folder, "data"), env: { HOLDFAST_RATE_LIMIT_OPERATIONS: "0" } });
    api = await Api.signIn(server.url);
    const payloads = Array.from({ length: 1024 }, (_, number) => Uint8Array.of(number >> 8, number & 255));
    blocks = payloads.map((payload) => ({ hash: sha256(payload), size: payload.length }));
    const frames = payloads.flatMap((payload, number) =>
      encodeFrame({ kind: "raw", hash: blocks[number]!.hash, size: payload.length, payload }),
    );
    assert.equal((await api.call("POST", "/blocks", undefined, { body: Buffer.concat(frames) })).status, 200);
    calibrationMs = calibrate();
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  /** Other work of the server only adds to a request's cost. */
  const leastOf = async (times: number, measure: () => Promise<{ cpuMs: number; peakBytes: number }>) => {
    let least = { cpuMs: Infinity, peakBytes: Infinity };
    for (let time = 0; time < times; time += 1) {
      const { cpuMs, peakBytes } = await measure();
      least = { cpuMs: Math.min(least.cpuMs, cpuMs), peakBytes: Math.min(least.peakBytes, peakBytes) };
    }
    return least;
  };

  const longList = (entries: number) =>
    Array.from({ length: entries }, (_, index) => blocks[(Math.imul(index, 0x9e3779b1) >>> 11) & 1023]!);

  const putLong = async (name: string, entries: number) => {
    const operation = { op: "put", operation_id: randomBytes(16).toString("hex"), path: `/${name}`, size: 2 * entries };
    const { body } = await api.call("POST", "/sync/delta", {
      operations: [{ ...operation, blocks: longList(entries) }],
    });
    assert.equal(body.results[0].status, "committed", JSON.stringify(body).slice(0, 500));
    return body.results[0].node as { id: string; version_id: string };
  };

  test("a small compressed body without sign-in costs almost no CPU and memory", async () => {
    const stranger = new Api(server.url);
    const bodies = [
      zstdCompressSync(Buffer.from(`{"email":"a@b","password":[${"{},".repeat(5_500_000)}1]}`)),
      zstdCompressSync(Buffer.from(`{"email":"${"a".repeat(16_000_000)}","password":"x"}`)),
    ];
    for (const body of bodies) {
      const { cpuMs, peakBytes } = await leastOf(3, async () =>
        costOf(server.pid, async () => {
          const headers = { "content-type": "application/json", "content-encoding": "zstd" };
          const { status } = await stranger.call("POST", "/sessions", undefined, { body, headers });
          assert.equal(status, 415);
        }),
      );
      assert.ok(cpuMs < calibrationMs + tickMs, `${cpuMs} ms, ${calibrationMs} ms for the calibration`);
      assert.ok(peakBytes < 32 * mib, `${peakBytes} bytes more`);
    }
  });

  test("a body with millions of invalid values costs little more than its bytes", async () => {
    for (const piece of ["{},", "0,", "[],", '"",']) {
      const text = `{"items":[{"hashes":[${piece.repeat(Math.floor(16_000_000 / piece.length))}0]}]}`;
      const headers = { "content-type": "application/json", "content-encoding": "zstd" };
      const body = zstdCompressSync(Buffer.from(text));
      const { cpuMs, peakBytes } = await leastOf(3, async () =>
        costOf(server.pid, async () => {
          const { status } = await api.call("POST", "/blocks/fetch", undefined, { body, headers });
          assert.equal(status, 413);
        }),
      );
      assert.ok(cpuMs < 10 * calibrationMs, `${piece} ${cpuMs} ms, ${calibrationMs} ms for the calibration`);
      assert.ok(peakBytes < 100 * mib, `${peakBytes} bytes more`);
    }
  });

  test("1,000 requests for the same manifest return one, without buffering it", async () => {
    const { id, version_id } = await putLong("long", 100_000);
    const asked = { version_ids: Array.from({ length: limits.manifestsMax }, () => version_id) };
    for (const ask of [
      async () => (await api.call("POST", "/manifests", asked)).body.items as { blocks: ManifestEntry[] }[],
      async () => [(await api.call("GET", `/files/${id}/manifest`)).body as { blocks: ManifestEntry[] }],
    ]) {
      const { cpuMs, peakBytes } = await leastOf(3, async () => {
        const cost = await costOf(server.pid, ask);
        assert.equal(cost.result.length, 1);
        assert.deepEqual(cost.result[0]?.blocks, longList(100_000));
        return cost;
      });
      assert.ok(cpuMs < 10 * calibrationMs, `${cpuMs} ms, ${calibrationMs} ms for the calibration`);
      assert.ok(peakBytes < 100 * mib, `${peakBytes} bytes more`);
    }
  });

  test("manifests beyond the limit per response are listed in left_out, and a second request returns them", async () => {
    const ids: string[] = [];
    for (let file = 0; file < 4; file += 1) ids.push((await putLong(`long ${file}`, 60_000 + file)).version_id);
    const given: string[] = [];
    let answers = 0;
    for (let rest = ids; rest.length > 0; answers += 1) {
      const { body } = await api.call("POST", "/manifests", { version_ids: rest });
      const entries = body.items.map((item: { blocks: unknown[] }) => item.blocks.length) as number[];
      assert.ok(entries.slice(0, -1).reduce((sum, count) => sum + count, 0) < limits.manifestEntriesAtOnceMax);
      given.push(...body.items.map((item: { version_id: string }) => item.version_id));
      rest = body.left_out ?? [];
    }
    assert.deepEqual(given, ids);
    assert.equal(answers, 2);
  });

  test("a manifest against a base is a list of splices, or the whole list if too much differs", async () => {
    const { id, version_id: base } = await putLong("edited", 70_000);
    const change = async (splices: object[], current: string) => {
      const { status, body } = await api.call("POST", `/files/${id}/sync`, { current_version: current, splices });
      assert.equal(status, 200, JSON.stringify(body));
      return body.node.version_id as string;
    };
    const edits = [0, 10, 40_000, 69_999].map((at) => ({ at, remove: 1, insert: blocks.slice(0, 2) }));
    const next = await change(edits, base);
    const against = async (version: string) => {
      const { body } = await api.call("GET", `/files/${id}/manifest?version=${version}&base=${base}`);
      const { body: whole } = await api.call("GET", `/files/${id}/manifest?version=${version}`);
      return { body, whole: whole.blocks as ManifestEntry[] };
    };
    const edited = await against(next);
    assert.deepEqual(edited.whole, applySplices(longList(70_000), edits));
    assert.deepEqual(applySplices(longList(70_000), edited.body.splices), edited.whole);
    assert.ok(JSON.stringify(edited.body.splices).length < 100_000, "the splices are long");
    // Removes 70,004 entries and adds 69,999 in another order, more than the allowed difference.
    const replaced = [{ at: 0, remove: 70_004, insert: longList(139_999).slice(70_000).toReversed() }];
    const rewritten = await against(await change(replaced, next));
    assert.equal(rewritten.body.splices, undefined);
    assert.deepEqual(rewritten.body.blocks, rewritten.whole);
  });

  test("100 clients that stop reading use little memory, and other downloads continue", async () => {
    const content = randomBytes(64 * mib);
    assert.equal((await api.put("/large", content)).status, 201);
    const path = `/api/v1/files/${await api.idOf("/large")}/download`;
    const email = "second@example.com";
    const second = { email, password: "another long password" };
    assert.equal((await api.call("POST", "/admin/users", { ...second, name: "Second" })).status, 201);
    const other = await Api.signIn(server.url, second);
    assert.equal((await other.put("/own", content.subarray(0, 8 * mib))).status, 201);
    const stalled = Array.from({ length: 100 }, () => connect(server.port, "127.0.0.1"));
    try {
      const { peakBytes } = await costOf(server.pid, async () => {
        await Promise.all(stalled.map((socket) => once(socket, "connect")));
        for (const socket of stalled) {
          socket.pause();
          socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${api.token}\r\n\r\n`);
        }
        for (let round = 0; round < 5; round += 1) {
          const { body } = await other.download("/own");
          assert.ok(content.subarray(0, 8 * mib).equals(body));
          assert.equal((await api.call("GET", "/account")).status, 200);
        }
      });
      assert.ok(peakBytes < limits.readBytesShareMax + 150 * mib, `${Math.round(peakBytes / mib)} MiB more`);
    } finally {
      for (const socket of stalled) socket.destroy();
    }
    assert.ok(content.equals((await api.download("/large")).body), "all of it comes once they have gone");
  });
});

function calibrate(): number {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, size) => ({ hash: "0".repeat(64), size })));
  const rounds = Array.from({ length: 5 }, () => {
    const from = process.cpuUsage();
    for (let round = 0; round < 10; round += 1) JSON.parse(text);
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  });
  return Math.min(...rounds);
}

/** Cost of work in a process: CPU time, which ignores other load, and additional memory. */
async function costOf<Result>(pid: number, work: () => Promise<Result>) {
  // Resets the peak to the current use.
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const had = { cpuMs: cpuMsOf(pid), bytes: statusBytes(pid, "VmRSS") };
  const result = await work();
  return { result, cpuMs: cpuMsOf(pid) - had.cpuMs, peakBytes: statusBytes(pid, "VmHWM") - had.bytes };
}

/** Unit of Linux's counters. */
const tickMs = 10;

function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function statusBytes(pid: number, name: string): number {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
