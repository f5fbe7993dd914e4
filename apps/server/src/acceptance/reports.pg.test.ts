import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ReportJson } from "@holdfast/protocol/report-routes";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Link reports", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;
  const account = { email: "owner@example.com", password: "the password of the owner" };

  before(async () => {
    folder = makeFolder("reports");
    // Reports count by address, and all of these come from one.
    server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "100" } });
    admin = await Api.signIn(server.url);
    await ok(admin, "POST", "/admin/users", { ...account, name: "Olive Owner" });
    owner = await Api.signIn(server.url, account);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const makeLink = async (path: string, by = owner) => {
    const { id } = await ok(by, "POST", "/metadata", { path, kind: "folder" });
    return { ...(await ok(by, "POST", `/files/${id}/share`, { link: true, role: "viewer" })), node: id };
  };
  const report = (fields: Record<string, unknown>) => new Api(server.url).call("POST", "/links/report", fields);
  const listed = async (query = ""): Promise<ReportJson[]> => (await ok(admin, "GET", `/admin/reports${query}`)).items;
  const reportOf = async (permission: string) => {
    const found = (await listed()).find(({ permission_id: id }) => id === permission);
    assert.ok(found, "it is not listed");
    return found;
  };
  const opens = async (token: string) => (await new Api(server.url, token).call("GET", "/files/root")).status;

  test("get the same response whether the link exists or not, and are listed with the link's details", async () => {
    const link = await makeLink("/reported");
    const removed = await makeLink("/removed");
    await ok(owner, "DELETE", `/permissions/${removed.id}`);
    const earlier = (await listed()).length;
    const answers = new Set<string>();
    const flipped = link.token.slice(0, -2) + (link.token.endsWith("AA") ? "BB" : "AA");
    const unknown = `hfl_${"0".repeat(8)}${"0".repeat(4)}8fff8${"0".repeat(15)}_${"A".repeat(43)}`;
    for (const token of [link.token, removed.token, flipped, unknown, "hfl_nonsense", "x"]) {
      const { status, body, headers } = await report({
        token,
        reason: "malware",
        text: "It asks for\nmy password. \u{1f4a5}",
      });
      const names = [...headers.keys()].toSorted().join();
      answers.add(JSON.stringify([status, Buffer.from(body ?? "").toString(), names, headers.get("content-length")]));
    }
    assert.deepEqual(
      [...answers].map((text) => JSON.parse(text)[0]),
      [204],
      [...answers].join("\n"),
    );
    const items = await listed();
    assert.equal(items.length, earlier + 1);
    const { id, at, ...rest } = items[0] as ReportJson;
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000, at);
    const me = await ok(owner, "GET", "/account");
    assert.deepEqual(rest, {
      reason: "malware",
      text: "It asks for\nmy password. \u{1f4a5}",
      permission_id: link.id,
      node: { id: link.node, name: "reported", kind: "folder" },
      owner: { id: me.id, name: "Olive Owner", email: account.email },
      state: "open",
      action: null,
      resolved_at: null,
    });
    assert.match(id, /^[0-9a-f-]{36}$/);
  });

  test("are rejected if invalid", async () => {
    const { token } = await makeLink("/well reported");
    for (const [fields, field] of [
      [{ token, reason: "boring" }, "reason"],
      [{ token }, "reason"],
      [{ reason: "abuse" }, "token"],
      [{ token, reason: "abuse", text: "x".repeat(8193) }, "text"],
      [{ token, reason: "abuse", text: "a\u0000b" }, "text"],
      [{ token, reason: "abuse", text: "\ud800" }, "text"],
    ] as const) {
      const { status, body } = await report(fields);
      assert.deepEqual([status, body.field], [422, field], JSON.stringify(body));
    }
  });

  test("notify only administrators, once for each link until it is read", async () => {
    await ok(admin, "POST", "/notifications/read", { up_to: new Date(Date.now() + 1000).toISOString() });
    const link = await makeLink("/told");
    for (const reason of ["abuse", "copyright"]) await report({ token: link.token, reason });
    const told = await eventually("both are told of", 60_000, async () => {
      const { items } = await ok(admin, "GET", "/notifications?unread=true");
      // Reports of earlier tests may still arrive.
      const found = items.filter(
        ({ detail }: { detail?: { permission_id?: string } }) => detail?.permission_id === link.id,
      );
      return found[0]?.detail.count === 2 ? found : undefined;
    });
    assert.deepEqual(
      told.map(({ kind, actor }: { kind: string; actor?: unknown }) => [kind, actor]),
      [["report", undefined]],
    );
    const { items } = await ok(owner, "GET", "/notifications");
    assert.deepEqual(
      items.filter(({ kind }: { kind: string }) => kind === "report"),
      [],
    );
  });

  test("disabled links look unknown immediately, and their owner sees that they are disabled", async () => {
    const link = await makeLink("/disabled");
    const file = (await owner.put("/disabled/file", "content")).body;
    await report({ token: link.token, reason: "abuse" });
    const { id } = await reportOf(link.id);
    const startedMs = Date.now();
    const resolved = await ok(admin, "POST", `/admin/reports/${id}/resolve`, { action: "disable_link" });
    assert.deepEqual([resolved.state, resolved.action], ["resolved", "disable_link"]);
    assert.ok(Date.parse(resolved.resolved_at) >= startedMs - 1000);
    assert.equal(await opens(link.token), 401);
    assert.equal((await fetch(`${link.url}/files/${file.id}`)).status, 404);
    const [permission] = (await ok(owner, "GET", `/files/${link.node}/permissions`)).items;
    assert.deepEqual([permission.id, permission.disabled], [link.id, true]);
    // Changes by the owner do not restore it.
    await ok(owner, "PATCH", `/permissions/${link.id}`, { expires_at: null, name: "again" });
    assert.equal(await opens(link.token), 401);
    const { items } = await ok(owner, "GET", `/activity?in=${link.node}`);
    assert.deepEqual(items.map(({ verb }: { verb: string }) => verb).slice(0, 3), ["unshared", "unshared", "linked"]);
  });

  test("a poll by a disabled link ends", async () => {
    const link = await makeLink("/polled");
    await report({ token: link.token, reason: "abuse" });
    const { id } = await reportOf(link.id);
    const stranger = new Api(server.url, link.token);
    const { token: start } = await ok(stranger, "GET", "/changes/start_token");
    const headers = { timeout: "60" };
    const poll = stranger.call("GET", `/notifications/poll?since_token=${start}`, undefined, { headers });
    await ok(admin, "POST", `/admin/reports/${id}/resolve`, { action: "disable_link" });
    assert.equal((await poll).status, 401);
  });

  test("disabling a link resolves its other reports, but not reports of other links", async () => {
    const [link, other] = [await makeLink("/thrice"), await makeLink("/innocent")];
    for (const { token } of [link, link, link, other]) await report({ token, reason: "abuse" });
    const of = async ({ id }: { id: string }) => (await listed()).filter((each) => each.permission_id === id);
    const [first] = await of(link);
    await ok(admin, "POST", `/admin/reports/${first?.id}/resolve`, { action: "disable_link" });
    assert.deepEqual(
      (await of(link)).map(({ state, action }) => [state, action]),
      Array.from({ length: 3 }, () => ["resolved", "disable_link"]),
    );
    assert.deepEqual(
      (await of(other)).map(({ state }) => state),
      ["open"],
    );
  });

  test("suspending an account ends all its links", async () => {
    const other = { email: "other@example.com", password: "the password of another" };
    await ok(admin, "POST", "/admin/users", other);
    const theirs = await Api.signIn(server.url, other);
    const [bad, good] = [await makeLink("/bad", theirs), await makeLink("/good", theirs)];
    await report({ token: bad.token, reason: "abuse" });
    const { id } = await reportOf(bad.id);
    const resolved = await ok(admin, "POST", `/admin/reports/${id}/resolve`, { action: "suspend_account" });
    assert.equal(resolved.action, "suspend_account");
    assert.deepEqual([await opens(bad.token), await opens(good.token)], [401, 401]);
    assert.equal((await theirs.call("GET", "/account")).status, 401);
  });

  test("a resolution can be repeated or raised, but not lowered", async () => {
    const link = await makeLink("/twice");
    await report({ token: link.token, reason: "other" });
    const { id } = await reportOf(link.id);
    const resolve = (action: string) => admin.call("POST", `/admin/reports/${id}/resolve`, { action });
    assert.equal((await resolve("none")).status, 200);
    assert.equal(await opens(link.token), 200);
    assert.equal((await resolve("disable_link")).body.action, "disable_link");
    assert.equal((await resolve("disable_link")).status, 200);
    const less = await resolve("none");
    assert.deepEqual([less.status, less.body.code], [409, "conflict"]);
    assert.equal(await opens(link.token), 401);
    assert.equal((await resolve("delete")).status, 422);
    const { body } = await admin.call("POST", "/admin/reports/nonsense/resolve", { action: "none" });
    assert.equal(body.code, "not_found");
  });

  test("the last administrator cannot be suspended for a report, which stays open", async () => {
    const link = await makeLink("/of the administrator", admin);
    await report({ token: link.token, reason: "abuse" });
    const { id } = await reportOf(link.id);
    const refused = await admin.call("POST", `/admin/reports/${id}/resolve`, { action: "suspend_account" });
    assert.deepEqual([refused.status, refused.body.code], [409, "conflict"]);
    assert.equal((await reportOf(link.id)).state, "open");
  });

  test("are listed in pages, can be filtered to open ones, and are limited to 20 open ones per link", async () => {
    const link = await makeLink("/often");
    for (let times = 0; times < 25; times += 1)
      assert.equal((await report({ token: link.token, reason: "other" })).status, 204);
    const open = await listed("?open=true");
    assert.equal(open.filter(({ permission_id: id }) => id === link.id).length, 20);
    assert.ok(open.every(({ state }) => state === "open"));
    const seen: string[] = [];
    for (let cursor = "", page = 0; page < 100; page += 1) {
      const { items, next_cursor: next } = await ok(admin, "GET", `/admin/reports?limit=7${cursor}`);
      seen.push(...items.map(({ id }: { id: string }) => id));
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    assert.deepEqual(
      seen,
      (await listed()).map(({ id }) => id),
    );
    assert.deepEqual(seen, seen.toSorted().toReversed(), "not the newest first");
    assert.equal(new Set(seen).size, seen.length);
  });

  test("can be sent by a form without scripts, even from a password page", async () => {
    const link = await makeLink("/by form");
    const locked = await makeLink("/by form, locked");
    await ok(owner, "PATCH", `/permissions/${locked.id}`, { password: "p" });
    const said = new Set<string>();
    for (const { url } of [link, locked, { url: `${server.url}/s/hfl_nothing` }]) {
      if (url !== `${server.url}/s/hfl_nothing`) {
        const action = /action="([^"]*\/report)"/.exec(await (await fetch(url)).text())?.[1];
        assert.equal(new URL(action ?? "", url).toString(), `${url}/report`);
      }
      const form = new URLSearchParams({ reason: "copyright", text: `mine\r\n${"é".repeat(3000)}` });
      const answer = await fetch(`${url}/report`, { method: "POST", body: form });
      said.add(JSON.stringify([answer.status, await answer.text(), answer.headers.get("referrer-policy")]));
    }
    assert.equal(said.size, 1, [...said].join("\n"));
    assert.match([...said][0] ?? "", /^\[200,.*Thank you.*no-referrer/);
    const { reason, text } = await reportOf(link.id);
    assert.ok(text !== null);
    assert.deepEqual([reason, text.length, text.slice(0, 6)], ["copyright", 2000, "mine\né"]);
    assert.equal((await reportOf(locked.id)).reason, "copyright");
    assert.equal((await fetch(`${link.url}/report`, { method: "POST", body: new URLSearchParams() })).status, 200);
  });
});

test("are limited by address, even for unknown links", async () => {
  const folder = makeFolder("reports-throttled");
  const server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "3" } });
  try {
    const statuses: number[] = [];
    for (let times = 0; times < 6; times += 1) {
      const { status } = await new Api(server.url).call("POST", "/links/report", {
        token: `hfl_${times}`,
        reason: "abuse",
      });
      statuses.push(status);
    }
    assert.equal(statuses[0], 204);
    assert.equal(statuses.at(-1), 429, statuses.join());
    const page = await fetch(`${server.url}/s/hfl_x/report`, {
      method: "POST",
      body: new URLSearchParams({ reason: "abuse" }),
    });
    assert.equal(page.status, 429);
    assert.match(await page.text(), /Too many/);
  } finally {
    await server.stop();
    removeFolder(folder);
  }
});
