import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "./testing.ts";
import { Regions } from "./testing-regions.ts";

const role = "operator:secret";
const writers = [1, 2, 3, 4];
const loadMs = 20_000;

const regions = new Regions();
before(() => regions.start());
after(() => regions.stop());

test("a drill: the recovery time is below 15 minutes and the recovery point below 5, with the least privileges", async (context) => {
  for (const { primary } of regions.pairs) {
    await primary.run("create role operator login password 'secret'");
    await primary.run("grant pg_monitor, pg_read_all_data, pg_write_all_data to operator");
    await primary.run("grant execute on function pg_promote to operator");
  }
  const acknowledged: { readonly name: string; readonly atMs: number }[] = [];
  const ended = new AbortController();
  const writing = writers.map(async (writer) => {
    for (let file = 0; !ended.signal.aborted; file++) {
      const name = `${writer}-${file}.txt`;
      const { status } = await regions.api.put(`/${name}`, `${name} `.repeat(1000));
      if (status < 300) acknowledged.push({ name, atMs: performance.now() });
    }
  });
  await new Promise((resolve) => setTimeout(resolve, loadMs));
  const lostMs = performance.now();
  await regions.loseEast();
  ended.abort();
  await Promise.all(writing);
  await eventually("a promotion", 120_000, async () => {
    const { code } = await regions.command(["admin", "region", "promote", "west"], { role });
    return code === 0 || undefined;
  });
  const promotedMs = performance.now();
  await eventually(
    "a write",
    60_000,
    async () => (await regions.api.put("/after.txt", "after")).status < 300 || undefined,
  );
  const recoveredMs = performance.now();
  let lastMs = 0;
  let lost = 0;
  let unreadable = 0;
  for (const { name, atMs } of acknowledged) {
    const { status } = await regions.api.call("GET", `/metadata?path=/${name}`);
    if (status === 404) lost += 1;
    else {
      lastMs = Math.max(lastMs, atMs);
      if ((await regions.api.download(`/${name}`)).status !== 200) unreadable += 1;
    }
  }
  const pointMs = Math.max(0, Math.min(lostMs, acknowledged.at(-1)?.atMs ?? 0) - lastMs);
  const figures = {
    acknowledged: acknowledged.length,
    lost,
    unreadable,
    recovery_point_ms: Math.round(pointMs),
    promoted_after_ms: Math.round(promotedMs - lostMs),
    recovery_time_ms: Math.round(recoveredMs - lostMs),
  };
  context.diagnostic(JSON.stringify(figures));
  assert.ok(acknowledged.length > 100);
  assert.ok(recoveredMs - lostMs < 15 * 60_000);
  assert.ok(pointMs < 5 * 60_000);
  assert.equal(unreadable, 0);
});
