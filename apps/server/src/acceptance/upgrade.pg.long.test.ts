import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { assertContains } from "./fixtures/assert-contains.ts";
import { type Fixture, type FixtureFacts, readFixtures } from "./fixtures/fixture.ts";
import { makeDataFolderOf, withDatabaseOf } from "./fixtures/make-data-folder.ts";
import { plantCrashPoints, planCrash } from "./fixtures/crash-points.ts";
import { readDrive, readLink } from "./fixtures/read-drive.ts";
import { migrationSets, pendingOf, readRows } from "./fixtures/rows.ts";
import {
  Api,
  eventually,
  holdfast,
  jobResult,
  launcher,
  makeFolder,
  ok,
  postmasterPid,
  queryDatabase,
  removeFolder,
  type RunningServer,
  serveArguments,
  serveEnvironment,
  startServer,
} from "./testing.ts";

/** Keeps the old files of a fixture from expiring. */
const env = {
  HOLDFAST_RETENTION_TRASH: "36500d",
  HOLDFAST_RETENTION_VERSION_AGE: "36500d",
  HOLDFAST_RETENTION_SESSIONS: "36500d",
  HOLDFAST_RETENTION_BLOCKS: "36500d",
};

for (const fixture of readFixtures()) describeUpgrade(fixture);

function describeUpgrade({ name, facts, drive, ...rest }: Fixture): void {
  describe(`Data folder from ${name}`, () => {
    const fixture = { name, facts, drive, ...rest };
    let folder: string;
    let data: string;
    let server: RunningServer;

    before(async () => {
      folder = makeFolder("upgrade");
      data = `${folder}/data`;
      await makeDataFolderOf(fixture, data);
      server = await startServer({ dataFolder: data, env });
    });
    after(async () => {
      await server?.stop();
      removeFolder(folder);
    });

    const readAll = async () => {
      const now: Record<string, unknown> = {};
      for (const account of facts.accounts) now[account.email] = await readDrive(await Api.signIn(server.url, account));
      for (const [index, { token, opens }] of facts.tokens.entries()) {
        if (opens === "link") now[`link ${index}`] = await readLink(new Api(server.url, token));
      }
      return now;
    };

    test("has every byte of every version, trash, shares, links, comments and stars", async () => {
      assertContains(await readAll(), drive);
      assert.deepEqual(new Set(facts.tokens.map(({ opens }) => opens)), new Set(["account", "link"]));
      for (const { token, opens } of facts.tokens) {
        const api = new Api(server.url, token);
        assert.equal((await api.call("GET", opens === "link" ? "/links/current" : "/files/root")).status, 200, opens);
      }
    });

    test("supports new versions, trash restores and a clean scrub", async () => {
      const [admin, olive] = await Promise.all(facts.accounts.slice(0, 2).map((who) => Api.signIn(server.url, who)));
      assert.ok(admin !== undefined && olive !== undefined);
      const { items } = await ok(olive, "GET", "/trash");
      assert.ok(items.length > 0);
      for (const { id } of items) await ok(olive, "POST", `/trash/${id}/restore`, { on_conflict: "rename" });
      const file = await ok(olive, "GET", "/metadata?path=%2Flarge.txt");
      assert.equal(
        (await olive.put("/large.txt", "written now", "&on_conflict=replace")).body.version,
        file.version + 1,
      );
      const rebuilt = await jobResult(admin, "/admin/rebuild-index");
      assert.deepEqual(rebuilt.unreadable_packs, []);
      await ok(admin, "POST", "/admin/scrub");
      const report = await eventually("all is reread", 180_000, async () => {
        const scrub = await ok(admin, "GET", "/admin/scrub");
        return scrub.state === "running" ? undefined : scrub;
      });
      assert.deepEqual([report.state, report.damaged, report.without_rows], ["done", [], 0]);
      const old = await ok(olive, "GET", `/files/${file.id}/download?version=${file.version}`);
      assert.equal(old.length, file.size);
      const freed = await ok(admin, "POST", "/admin/gc", { dry_run: true });
      assert.deepEqual([freed.blocks, freed.versions, freed.nodes], [0, 0, 0]);
    });

    test("is migrated even after its server, or also the database, was killed during a migration", async (t) => {
      if (pendingOf(fixture).length === 0) return t.skip("no migration is younger");
      for (const alsoDatabase of [false, true]) {
        const killed = `${folder}/killed-${alsoDatabase}`;
        await makeDataFolderOf(fixture, killed);
        await withDatabaseOf(killed, async (queries) => {
          await plantCrashPoints(queries);
          await planCrash(queries, 2, "wait");
        });
        await killWhileItMigrates(killed, alsoDatabase);
        const again = await startServer({ dataFolder: killed, env });
        const [{ email }] = facts.accounts as [FixtureFacts["accounts"][0]];
        assertContains(
          { [email]: await readDrive(await Api.signIn(again.url, facts.accounts[0])) },
          { [email]: (drive as Record<string, unknown>)[email] },
        );
        const names = migrationSets.flatMap(({ migrations }) => Object.keys(migrations));
        const done = "select name from shard.migration union all select name from cell.migration order by name";
        assert.deepEqual(
          (await queryDatabase(killed, done)).map((row) => row.name),
          names.toSorted(),
        );
        await again.stop();
      }
    });

    test("is rejected without changes after a newer version has used any of its databases", async () => {
      const newer = `${folder}/newer`;
      await makeDataFolderOf(fixture, newer);
      const rowsOf = () => withDatabaseOf(newer, async (queries) => [...(await readRows(queries))]);
      await withDatabaseOf(newer, (queries) =>
        queries.query("insert into cell.migration values ('999-of-the-day-after-tomorrow-breaking', '')"),
      );
      const rows = await rowsOf();
      for (const args of [serveArguments({ dataFolder: newer }), ["admin", "users", "ls", "--data", newer]]) {
        const { code, stderr } = await holdfast(args, { env: serveEnvironment({ env }) });
        assert.equal(code, 1, stderr);
        assert.match(
          stderr,
          /last used by a newer Holdfast: its schema "cell" has 999-of-the-day-after-tomorrow-breaking/,
        );
        assert.deepEqual(await rowsOf(), rows);
      }
    });
  });
}

async function killWhileItMigrates(dataFolder: string, alsoDatabase: boolean): Promise<void> {
  const environment = { ...process.env, ...serveEnvironment({ env }) };
  const child = spawn(launcher, serveArguments({ dataFolder }), { env: environment, stdio: "ignore" });
  const ended = once(child, "exit");
  try {
    await eventually("a migration waits", 180_000, async () => {
      assert.equal(child.exitCode, null, "the server ended by itself");
      if (postmasterPid(dataFolder) === undefined) return undefined;
      const waiting = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
      // The database may still be starting.
      const rows = await queryDatabase(dataFolder, waiting).catch(() => []);
      return rows.length > 0 ? true : undefined;
    });
    // The deletion is on disk, but the step's counter may not be. A recovered database would then wait again.
    await queryDatabase(dataFolder, "delete from crash.planned");
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  const postmaster = postmasterPid(dataFolder);
  if (alsoDatabase && postmaster !== undefined) process.kill(postmaster, "SIGKILL");
}
