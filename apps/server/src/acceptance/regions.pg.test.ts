import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FailoverPair } from "../base/db/replicas/testing-standby.ts";
import { administrator, Api, eventually, ok } from "./testing.ts";
import { Regions } from "./testing-regions.ts";

describe("When the region of the primaries is lost", () => {
  const regions = new Regions();
  before(() => regions.start());
  after(() => regions.stop());

  test("status lists the servers, and nothing is promoted while a primary or its replication works", async () => {
    const { code, stdout } = await regions.command(["admin", "region"]);
    assert.equal(code, 0);
    for (const name of ["shard main", "cell main"]) {
      assert.match(stdout, new RegExp(`^${name}\\s+east\\s.*primary`, "m"));
      assert.match(stdout, new RegExp(`^${name}\\s+west\\s.*standby, `, "m"));
    }
    const rejected = await regions.command(["admin", "region", "promote", "west"]);
    assert.equal(rejected.code, 5);
    assert.match(
      rejected.stderr,
      /Nothing was promoted\. The primary of shard main still answers: .* The primary of cell main/,
    );
    const unknown = await regions.command(["admin", "region", "promote", "north"]);
    assert.match(unknown.stderr, /no region north, only east and west/);
  });

  test("reads continue, changes fail and store nothing", async () => {
    writeFileSync(join(regions.device, "before.txt"), "before");
    assert.equal((await regions.command(["sync", regions.device, "--once"])).code, 0);
    const file = await regions.api.idOf("/before.txt");
    const link = await ok(regions.api, "POST", `/files/${file}/share`, { link: true, role: "viewer" });
    const session = await ok(new Api(regions.server.url), "POST", "/sessions", {
      ...administrator,
      device_name: "other",
    });
    await eventually(
      "both stores are equal",
      60_000,
      async () => regions.objectsIn(regions.east) === regions.objectsIn(regions.west) || undefined,
    );
    // A use is recorded once a minute, which must not matter now.
    const [accounts] = regions.pairs as [FailoverPair];
    await accounts.primary.run("update shard.devices set last_seen_at = 0");
    const ago = String((await accounts.primary.query("select pg_current_wal_flush_lsn()::text as at"))[0]?.["at"]);
    await eventually("the standby has replayed this", 60_000, async () => {
      const [row] = await accounts.standby.query(`select pg_last_wal_replay_lsn() >= '${ago}' as done`);
      return row?.["done"] === true || undefined;
    });
    for (const { standby } of regions.pairs) await standby.stop();
    writeFileSync(join(regions.device, "lost.txt"), "lost");
    assert.equal((await regions.command(["sync", regions.device, "--once"])).code, 0);
    await regions.loseEast();
    for (const { standby } of regions.pairs) await standby.start();
    const read = async () => {
      const answer = await regions.api.call("GET", `/files/${file}/download`);
      return answer.status === 200 ? answer.body.toString() : undefined;
    };
    assert.equal(await eventually("reads", 90_000, read), "before");
    const visitor = new Api(regions.server.url, String(link["token"]));
    const shown = await visitor.call("GET", "/links/current");
    assert.equal(shown.status, 200, JSON.stringify(shown.body));
    assert.equal((await visitor.call("GET", `/files/${file}/download`)).status, 200);
    const { refresh_token: token } = session as { refresh_token: string };
    const refreshed = await ok(new Api(regions.server.url), "POST", "/sessions/refresh", { refresh_token: token });
    const other = new Api(regions.server.url, String(refreshed["access_token"]));
    assert.equal((await other.call("GET", `/files/${file}/download`)).status, 200);
    const { token: since } = await ok(other, "GET", "/changes/snapshot");
    const poll = await other.call("GET", `/notifications/poll?since_token=${String(since)}`, undefined, {
      headers: { Timeout: "1" },
    });
    assert.equal(poll.status, 204, JSON.stringify(poll.body));
    const stored = regions.objectsIn(regions.west);
    for (const path of ["/new.txt", "/large.bin"]) {
      const { status, body } = await regions.api.put(path, randomBytes(path === "/new.txt" ? 10 : 3_000_000));
      assert.equal(status, 503);
      assert.match((body as { detail: string }).detail, /accepts no changes/);
    }
    assert.equal(regions.objectsIn(regions.west), stored);
    const metrics = await (await fetch(`${regions.server.url}/metrics`)).text();
    assert.match(metrics, /^database_read_only 1$/m);
    const { items } = await ok(regions.api, "GET", "/admin/doctor");
    const standbys = items.filter(({ detail }: { detail: string }) => /is a standby, and no primary/.test(detail));
    assert.equal(standbys.length, 2, JSON.stringify(items));
  });

  test("a promotion makes the standbys primaries, and devices upload what is missing", async () => {
    const { epoch } = await ok(regions.api, "GET", "/changes/snapshot");
    const dry = await regions.command(["admin", "region", "promote", "west", "--dry-run"]);
    assert.match(
      dry.stdout,
      /^would promote .* \(shard main, last change .*\)\nwould promote .* \(cell main, last change .*\)$/m,
    );
    assert.equal((await regions.command(["admin", "region"])).code, 1);
    const { code, stdout, stderr } = await regions.command(["admin", "region", "promote", "west"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /promoted .* \(cell main, .*\)\n.*promoted .* \(shard main, .*\)/);
    assert.match(stdout, /^renewed the epochs of 1 space on main$/m);
    await eventually("a write", 30_000, async () =>
      (await regions.api.put("/after.txt", "after")).status < 300 ? true : undefined,
    );
    assert.notEqual((await ok(regions.api, "GET", "/changes/snapshot")).epoch, epoch);
    assert.equal((await regions.api.call("GET", "/metadata?path=/lost.txt")).status, 404);
    assert.equal((await regions.command(["sync", regions.device, "--once"])).code, 0);
    assert.equal((await regions.api.download("/lost.txt")).body.toString(), "lost");
    assert.equal(readFileSync(join(regions.device, "after.txt"), "utf8"), "after");
    assert.ok(existsSync(join(regions.device, "before.txt")));
    await eventually("the index is rebuilt", 60_000, async () => {
      const { state, result } = await ok(regions.api, "GET", "/admin/rebuild-index");
      return state === "done" ? result : undefined;
    });
  });

  test("the command can be repeated, and a primary of the lost region that comes back is not used", async () => {
    const again = await regions.command(["admin", "region", "promote", "west"]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /^shard main: the primary is already in west$/m);
    assert.doesNotMatch(again.stdout, /renewed/);
    // The state after an interrupted command.
    const [, blocks] = regions.pairs as [FailoverPair, FailoverPair];
    await blocks.standby.run(`insert into cell.facts (name, value)
      values ('missing_changes main', '{"noted_at": "2026-01-01T00:00:00Z", "bytes": 0}')`);
    const interrupted = await regions.command(["admin", "region", "promote", "west"]);
    assert.match(interrupted.stdout, /^renewed the epochs of 1 space on main$/m);
    for (const { primary } of regions.pairs) await primary.start();
    assert.equal((await regions.api.put("/later.txt", "later")).status < 300, true);
    const [accounts] = regions.pairs as [FailoverPair];
    const rows = await accounts.primary.query("select from shard.nodes where name = 'later.txt'");
    assert.equal(rows.length, 0);
    const { stdout } = await regions.command(["admin", "region", "promote", "west", "--dry-run"]);
    assert.match(stdout, /^cell main: the primary is already in west$/m);
    const back = await regions.command(["admin", "region", "promote", "east"]);
    assert.match(back.stderr, /has no standby that answers in east/);
  });
});
