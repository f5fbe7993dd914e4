import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { requireComponent } from "@holdfast/tools/components";
import { Api, eventually, makeFolder, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";
import { findPostgres, type Member, type PatroniCluster, startPatroni } from "./testing-patroni.ts";

const outageMsMax = 10_000;
const ways = ["haproxy", "hosts"] as const;

const folder = makeFolder("patroni");
const closers: (() => unknown)[] = [];
after(async () => {
  for (const close of closers.toReversed()) await close();
  removeFolder(folder);
});

test("a primary under load fails over by Patroni in less than ten seconds, without a loss", async (t) => {
  for (const name of ["patroni", "etcd", "haproxy"]) if (!requireComponent(t, name)) return;
  const binaries = findPostgres();
  if (binaries === undefined) return t.skip("postgresql is not installed");
  const cluster = await startPatroni(folder, binaries);
  closers.push(() => cluster.stop());
  const loads = await startLoads(cluster);
  await Promise.all(loads.map((load) => load.more(20)));

  const killed = await failOver(cluster, loads, "SIGKILL");
  killed.former.start();
  await rejoined(killed.former);
  await cluster.redundant();
  const frozen = await failOver(cluster, loads, "SIGSTOP");
  frozen.former.signal("SIGCONT");
  await rejoined(frozen.former);
  await Promise.all(loads.map((load) => load.more(20)));

  for (const load of loads) await load.end();
  console.log(`no write for ${JSON.stringify({ killed: killed.outages, frozen: frozen.outages })} ms`);
  const acknowledged = loads.flatMap((load) => load.acknowledged);
  console.log(`${acknowledged.length} acknowledged writes, ${loads.flatMap((load) => load.failures).length} failures`);
  for (const { status, code } of loads.flatMap((load) => load.failures))
    assert.deepEqual([status, code], [503, "unavailable"]);
  for (const load of loads) for (const name of acknowledged) await load.assertStored(name);
  for (const [way, ms] of Object.entries(killed.outages)) assert.ok(ms < outageMsMax, `${way}: ${ms} ms`);
});

type Load = Awaited<ReturnType<typeof startLoad>>;

/** Two servers of one service, each with another way to the primary. */
async function startLoads(cluster: PatroniCluster): Promise<Load[]> {
  const key = randomBytes(32).toString("base64");
  const loads: Load[] = [];
  for (const way of ways) {
    const server = await spawnServer({
      dataFolder: join(folder, way),
      args: ["--database-url", cluster.urls[way], "--store", join(folder, "store")],
      env: { HOLDFAST_KEY_ENCRYPTION_KEY: key },
    });
    closers.push(() => server.stop());
    loads.push(await startLoad(way, server));
  }
  return loads;
}

const writersCount = 3;

async function startLoad(way: (typeof ways)[number], server: ServerProcess) {
  const api = await Api.signIn(server.url);
  const ended = new AbortController();
  const acknowledged: string[] = [];
  const failures: { readonly status: number; readonly code: unknown }[] = [];
  /** Beginnings of writes that succeeded. */
  const beginsMs: number[] = [];
  const writing = Array.from({ length: writersCount }, async (_, writer) => {
    for (let file = 0; !ended.signal.aborted; file++) {
      const name = `/${way}-${writer}-${file}.txt`;
      const beginMs = performance.now();
      const { status, body } = await api.put(name, name);
      if (status < 300) {
        acknowledged.push(name);
        beginsMs.push(beginMs);
      } else failures.push({ status, code: body.code });
      await delay(20);
    }
  });
  const more = async (count: number) => {
    const wanted = acknowledged.length + count;
    await eventually("writes succeed", 60_000, () => acknowledged.length >= wanted || undefined);
  };
  return {
    way,
    acknowledged,
    failures,
    more,
    /** @returns time until the first success of a write that began afterwards */
    firstAfter: async (sinceMs: number): Promise<number> => {
      await eventually("a new write succeeds", 60_000, () => beginsMs.some((ms) => ms > sinceMs) || undefined);
      return Math.round(performance.now() - sinceMs);
    },
    end: async () => {
      ended.abort();
      await Promise.all(writing);
    },
    assertStored: async (name: string) => {
      const { status } = await api.call("GET", `/metadata?path=${encodeURIComponent(name)}`);
      assert.equal(status, 200, `${name} was acknowledged`);
    },
  };
}

async function failOver(cluster: PatroniCluster, loads: readonly Load[], signal: "SIGKILL" | "SIGSTOP") {
  const former = await cluster.primary();
  await Promise.all(loads.map((load) => load.more(20)));
  former.signal(signal);
  const sinceMs = performance.now();
  const times = await Promise.all(loads.map(async ({ way, firstAfter }) => [way, await firstAfter(sinceMs)] as const));
  return { former, outages: Object.fromEntries(times) as Readonly<Record<string, number>> };
}

async function rejoined(member: Member): Promise<void> {
  await eventually(`${member.name} is a standby again`, 60_000, async () => {
    const state = await member.state();
    return (state?.role === "replica" && /running|streaming/.test(state.state)) || undefined;
  });
}
