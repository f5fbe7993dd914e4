import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Administrators' lists", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;

  before(async () => {
    folder = makeFolder("admin-lists");
    server = await startServer({
      dataFolder: `${folder}/data`,
      env: {
        HOLDFAST_SMTP_URL: "smtp://drive:mail%40secret@127.0.0.1:1",
        HOLDFAST_MAIL_FROM: "Drive <drive@example.org>",
        HOLDFAST_DIRECTORY: "open",
      },
    });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("list unused invitations, newest first and without tokens, and revoked ones stop working", async () => {
    const made = [];
    for (const email of ["ann@example.org", "ben@example.org", null]) {
      const body = email === null ? { quota_bytes: 5 } : { email, plan: "free" };
      made.push(await ok(admin, "POST", "/admin/invitations", body));
    }
    const { items } = await ok(admin, "GET", "/admin/invitations");
    const facts = items.map(({ email, plan, quota_bytes, quota_fixed }: Record<string, unknown>) => [
      email,
      plan,
      quota_bytes,
      quota_fixed,
    ]);
    assert.deepEqual(facts, [
      [null, null, 5, true],
      ["ben@example.org", "free", null, false],
      ["ann@example.org", "free", null, false],
    ]);
    assert.equal(items[0].expires_at, made[2].expires_at);
    const text = JSON.stringify(items);
    for (const { token } of made) assert.ok(!text.includes(token));
    const first = await ok(admin, "GET", "/admin/invitations?limit=2");
    const second = await ok(admin, "GET", `/admin/invitations?limit=2&cursor=${first.next_cursor}`);
    assert.deepEqual([[...first.items, ...second.items], second.next_cursor], [items, null]);
    await ok(admin, "DELETE", `/admin/invitations/${items[1].id}`);
    assert.equal((await admin.call("DELETE", `/admin/invitations/${items[1].id}`)).status, 404);
    const signUp = (email: string, invite: string) =>
      new Api(server.url).call("POST", "/accounts", { email, password: "long enough a password", name: "N", invite });
    assert.equal((await signUp("ben@example.org", made[1].token)).status, 403);
    assert.equal((await signUp("ann@example.org", made[0].token)).status, 201);
    const again = await admin.call("POST", "/admin/invitations", { email: "ann@example.org" });
    assert.deepEqual([again.status, again.body.code], [409, "exists"], "a link that makes nothing");
    const left = (await ok(admin, "GET", "/admin/invitations")).items;
    assert.deepEqual(left, [items[0]], "what was used is gone");
  });

  test("reading an invitation leaves its token in neither the audit nor the log", async () => {
    const { token, expires_at } = await ok(admin, "POST", "/admin/invitations", { email: "cy@example.org" });
    const anybody = new Api(server.url);
    const read = await anybody.call("POST", "/accounts/invitation", { token });
    const facts = { kind: "invite", email: "cy@example.org", expires_at, shared: [] };
    assert.deepEqual([read.status, read.body], [200, facts]);
    const unknown = await anybody.call("POST", "/accounts/invitation", { token: `${token.slice(0, -1)}_` });
    assert.deepEqual([unknown.status, unknown.body.code], [404, "not_found"]);
    const kept = await eventually("the audit has both", 60_000, async () => {
      const text = JSON.stringify(await ok(admin, "GET", "/admin/audit"));
      return text.split('"invitation.read"').length > 2 ? text : undefined;
    });
    for (const text of [kept, readFileSync(server.logFile, "utf8")]) assert.ok(!text.includes(token.slice(8, -1)));
  });

  test("report stored bytes and free space", async () => {
    const figures = await ok(admin, "GET", "/admin/storage");
    assert.ok(figures.accounts >= 1 && figures.accounts_disabled === 0);
    assert.deepEqual([figures.unreadable_packs, figures.damaged_blocks], [0, 0]);
    assert.ok(figures.pack_bytes >= figures.live_bytes && figures.database_bytes > 1_000_000);
    assert.ok(figures.disk_bytes > figures.disk_free_bytes && figures.disk_free_bytes > 0);
  });

  test("have no backup, schedule or drill on a new server", async () => {
    const backups = await ok(admin, "GET", "/admin/backups");
    assert.deepEqual(backups, { every_ms: null, place: null, made_at: null, drill: null });
  });

  test("return the doctor's recent findings without a new check, on request", async () => {
    const checkedAt = async (query: string): Promise<string> => {
      const { checked_at: at, items } = await ok(admin, "GET", `/admin/doctor${query}`);
      assert.ok(items.some(({ check }: { check: string }) => check === "versions"));
      return at;
    };
    const first = await checkedAt("");
    const kept = await checkedAt("?recent=true");
    assert.ok(kept >= first);
    assert.equal(await checkedAt("?recent=true"), kept);
    assert.ok((await checkedAt("")) > kept);
  });

  test("report when each account was last seen, or null without a device", async () => {
    const body = { email: "dan@example.org", password: "long enough a password", name: "Dan" };
    const dan = await ok(admin, "POST", "/admin/users", body);
    const seenAt = async () => {
      const { items } = await ok(admin, "GET", "/admin/users");
      return items.find(({ id }: { id: string }) => id === dan.id)?.last_seen_at;
    };
    assert.equal(await seenAt(), null);
    const since = Date.now();
    await Api.signIn(server.url, { email: body.email, password: body.password });
    assert.ok(Date.parse((await seenAt()) ?? "") >= since - 1);
  });

  test("list settings in force with their sources and without secrets", async () => {
    const { items } = await ok(admin, "GET", "/admin/settings");
    const byName = new Map<string, { value: unknown; source: string; secret: boolean }>(
      items.map((item: { name: string }) => [item.name, item]),
    );
    const settingOf = (name: string) => [byName.get(name)?.value, byName.get(name)?.source];
    assert.deepEqual(settingOf("data"), [`${folder}/data`, "flag"]);
    assert.deepEqual(settingOf("directory"), ["open", "environment"]);
    assert.deepEqual(settingOf("smtp_url"), ["smtp://***@127.0.0.1:1", "environment"]);
    assert.deepEqual(settingOf("open_registration"), [false, "default"]);
    assert.deepEqual(settingOf("database_url"), [null, "default"]);
    assert.deepEqual(settingOf("plans"), [{ free: 15 * 2 ** 30, plus: 2 * 2 ** 40, business: null }, "default"]);
    assert.deepEqual(byName.get("admin_password"), {
      name: "admin_password",
      value: null,
      secret: true,
      source: "environment",
    });
    assert.ok(!/correct horse|mail%40secret|mail@secret/.test(JSON.stringify(items)));
  });
});
