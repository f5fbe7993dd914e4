import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { after, before, test, type TestContext } from "node:test";
import { type ServerRole, serverRoles } from "@holdfast/protocol/operation-routes";
import pg from "pg";
import type { EmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { startSharedDatabase } from "./shared-database.ts";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** One server per role, all in this process. They communicate only through the database. */
let folder: string;
let postgres: EmbeddedPostgres;
let servers: Record<ServerRole, RunningServer>;
let args: string[];
const env = { HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };

before(async () => {
  folder = makeFolder("split-roles");
  let url: string;
  ({ postgres, url } = await startSharedDatabase(folder));
  args = ["--database-url", url, "--store", `${folder}/store`];
  const started: Partial<Record<ServerRole, RunningServer>> = {};
  for (const role of serverRoles) started[role] = await start(role);
  servers = started as Record<ServerRole, RunningServer>;
});
after(async () => {
  for (const server of Object.values(servers ?? {})) await server.stop();
  await postgres?.stop();
  removeFolder(folder);
});

const start = (role: ServerRole): Promise<RunningServer> => {
  mkdirSync(`${folder}/${role}`, { recursive: true });
  return startServer({ dataFolder: `${folder}/${role}/data`, args: [...args, "--roles", role], env });
};
const signIn = async (who: { email: string; password: string } = administrator): Promise<Record<ServerRole, Api>> => {
  const { token } = await Api.signIn(servers.api.url, who);
  const at = (role: ServerRole) => new Api(servers[role].url, token);
  return { api: at("api"), blocks: at("blocks"), notify: at("notify"), worker: at("worker") };
};

test("each process serves its roles, and returns 503 with the role for other requests", async () => {
  const me = await signIn();
  const token = (await ok(me.api, "GET", "/changes/start_token")).token as string;
  const paths: Record<ServerRole, string> = {
    api: "/account",
    blocks: `/blocks/${"0".repeat(64)}`,
    notify: `/notifications/poll?since_token=${token}`,
    worker: "/account",
  };
  for (const [role, path] of Object.entries(paths) as [ServerRole, string][]) {
    for (const [at, api] of Object.entries(me)) {
      if (at === role && role !== "worker") continue;
      const { status, body } = await api.call("GET", path);
      if (role === "worker" && at === "api") continue;
      assert.deepEqual([status, body.code], [503, "unavailable"], `${path} at ${at}`);
      assert.match(body.detail as string, /does not run the role (api|blocks|notify)/);
    }
  }
  for (const [role, server] of Object.entries(servers)) {
    for (const asked of serverRoles) {
      const { status } = await fetch(`${server.url}/readyz?role=${asked}`);
      assert.equal(status, asked === role ? 200 : 503, `${asked} at ${role}`);
    }
    assert.equal((await fetch(`${server.url}/metrics`)).status, 200);
    for (const page of ["/setup", "/oauth/jwks"]) {
      const { status } = await fetch(`${server.url}${page}`);
      assert.equal(status < 400, role === "api", `${page} at ${role}: ${status}`);
    }
  }
});

test("an upload, the poll that it wakes and the resulting work run in three processes", async () => {
  const me = await signIn();
  const friend = { email: "friend@example.com", password: "the password of a friend" };
  await ok(me.api, "POST", "/admin/users", { ...friend, name: "Friend" });
  const theirs = await signIn(friend);
  const token = (await ok(theirs.api, "GET", "/changes/start_token")).token as string;
  const poll = theirs.notify.call("GET", `/notifications/poll?since_token=${token}`, undefined, {
    headers: { timeout: "60" },
  });
  const { id } = await ok(me.api, "POST", "/metadata", { kind: "folder", name: "shared", parent_id: "root" });
  const put = await me.blocks.put("/shared/a.txt", "content");
  assert.equal(put.status, 201, JSON.stringify(put.body));
  await ok(me.api, "POST", `/files/${String(id)}/share`, { email: friend.email, role: "viewer" });
  assert.equal((await poll).status, 200);
  await eventually("the worker delivers the share and its notification", 60_000, async () => {
    const { items } = (await ok(theirs.api, "GET", "/notifications")) as { items: { kind: string }[] };
    return items.some(({ kind }) => kind === "share") || undefined;
  });
  const got = await me.blocks.call("GET", `/files/${String(put.body.id)}/download`);
  assert.equal(String(got.body), "content");
});

test("messages and jobs wait without a worker, as the doctor reports, and the next worker runs them", async () => {
  const me = await signIn();
  const guest = { email: "guest@example.com", password: "the password of a guest" };
  await ok(me.api, "POST", "/admin/users", { ...guest, name: "Guest" });
  const theirs = await signIn(guest);
  const { id } = await ok(me.api, "POST", "/metadata", { kind: "folder", name: "later", parent_id: "root" });
  await servers.worker.stop();
  assert.deepEqual(await queueConnections(), [], "no other process works the queue");
  await ok(me.api, "POST", `/files/${String(id)}/share`, { email: guest.email, role: "viewer" });
  const notices = async () => ((await ok(theirs.api, "GET", "/notifications")) as { items: unknown[] }).items.length;
  assert.equal(await notices(), 0);
  const jobs = ["/admin/gc", "/admin/rebuild-index"];
  for (const path of jobs) {
    const started = await me.api.call("POST", path, path === "/admin/gc" ? {} : undefined);
    assert.deepEqual([started.status, started.body.state], [202, "queued"], path);
    assert.deepEqual(await ok(me.api, "POST", path, path === "/admin/gc" ? {} : undefined), started.body, path);
  }
  assert.equal((await ok(me.api, "POST", "/admin/gc", { unfinished: true })).state, "queued");
  assert.equal((await ok(me.api, "POST", "/admin/copies/verify")).verification.state, "running");
  const jobFindings = async () => {
    const { items } = (await ok(me.api, "GET", "/admin/doctor")) as { items: Record<string, string>[] };
    return items.filter(({ check }) => check === "jobs").map(({ state, detail }) => `${state}: ${detail}`);
  };
  assert.deepEqual(await jobFindings(), ["ok: no failed jobs"], "a worker may be restarting");
  await query("update shard.messages set wanted_at = wanted_at - 60000000");
  assert.match(
    (await jobFindings()).join("; "),
    /^fail: no process runs the role worker: \d+ jobs wait, the oldest since 20\S+Z$/,
  );
  servers.worker = await start("worker");
  await eventually("the worker delivers the share", 60_000, async () => ((await notices()) > 0 ? true : undefined));
  for (const path of jobs) {
    const job = await eventually(`${path} ends`, 60_000, async () => {
      const current = await ok(me.api, "GET", path);
      return current.state === "done" ? current : undefined;
    });
    assert.deepEqual([job.error, Number.isInteger(job.result.packs)], [null, true], path);
    assert.equal(Array.isArray(job.result.unfinished), path === "/admin/gc", "the request that came last counts, too");
  }
  await eventually("the verification ends", 60_000, async () => {
    const { verification } = await ok(me.api, "GET", "/admin/copies");
    return verification.state === "done" || undefined;
  });
  assert.deepEqual(await jobFindings(), ["ok: no failed jobs"]);
});

test("a worker is woken by a message from another process, not only by its check every 10 s", async (t) => {
  const me = await signIn();
  const reader = { email: "reader@example.com", password: "the password of a reader" };
  await ok(me.api, "POST", "/admin/users", { ...reader, name: "Reader" });
  const theirs = await signIn(reader);
  putOffLooks(t);
  for (const name of ["first", "second"]) {
    const { id } = await ok(me.api, "POST", "/metadata", { kind: "folder", name, parent_id: "root" });
    await ok(me.api, "POST", `/files/${String(id)}/share`, { email: reader.email, role: "viewer" });
    await eventually(`the worker delivers the ${name} share`, 20_000, async () => {
      const { items } = (await ok(theirs.api, "GET", "/notifications")) as { items: unknown[] };
      return JSON.stringify(items).includes(`"${name}"`) || undefined;
    });
  }
});

for (const [path, begun] of [
  ["/admin/scrub", "running"],
  ["/admin/rebuild-index", "queued"],
] as const) {
  test(`POST ${path} wakes a worker to start the job before its next check`, async (t) => {
    const me = await signIn();
    putOffLooks(t);
    for (const name of ["first", "second"]) {
      assert.equal((await ok(me.api, "POST", path)).state, begun);
      await eventually(`the worker ends the ${name}`, 20_000, async () => {
        const { state } = await ok(me.api, "GET", path);
        return state === "done" || undefined;
      });
    }
  });
}

test("split roles require a shared database", async () => {
  await assert.rejects(
    startServer({ dataFolder: `${folder}/alone`, args: ["--roles", "api,worker"], env }),
    /--roles splits the work between processes that share a database: set --database-url/,
  );
});

/**
 * Puts off the looks of servers in this process, as in the gate, that run every ten seconds or every minute. One may be
 * due already, so only a second change shows that the server was woken.
 */
function putOffLooks(t: TestContext): void {
  const { setTimeout } = globalThis;
  const isLook = (ms: number) => (ms >= 8000 && ms <= 11_000) || (ms >= 54_000 && ms <= 66_000);
  const withoutLooks = (work: () => void, ms = 0) => setTimeout(work, isLook(ms) ? 3_600_000 : ms);
  t.mock.method(globalThis, "setTimeout", withoutLooks);
}

function queueConnections(): Promise<unknown[]> {
  return query("select from pg_stat_activity where application_name = 'holdfast queue'");
}

async function query(text: string): Promise<unknown[]> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
