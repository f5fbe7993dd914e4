import assert from "node:assert/strict";
import type { OutgoingHttpHeaders } from "node:http";
import { after, before, describe, test } from "node:test";
import { isOpen, type Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { bounded } from "@holdfast/tools/bounded";
import { type RawAnswer, requestRaw } from "./raw-request.ts";
import { administrator, Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const path = "/api/v1/sessions/web";

describe("Browser session", () => {
  let folder: string;
  let server: RunningServer;

  before(async () => {
    folder = makeFolder("web-session");
    server = await startServer({ dataFolder: `${folder}/data` });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  interface Sent {
    readonly method?: string;
    readonly body?: unknown;
    readonly headers?: OutgoingHttpHeaders;
    readonly cookie?: string | string[] | undefined;
    readonly url?: string;
  }
  /** Sent like by a page of this server. */
  const send = (to: string, { method = "POST", body = {}, headers = {}, cookie, url = server.url }: Sent = {}) =>
    requestRaw(`${url}${to}`, {
      method,
      headers: {
        origin: new URL(url).origin,
        ...(method === "POST" ? { "content-type": "application/json" } : {}),
        ...(cookie === undefined ? {} : { cookie }),
        ...headers,
      },
      body: method === "POST" ? JSON.stringify(body) : undefined,
    });
  const refresh = (cookie?: string | string[], headers: OutgoingHttpHeaders = {}) =>
    send(`${path}/refresh`, { cookie, headers });
  const signOut = (cookie?: string, headers: OutgoingHttpHeaders = {}) =>
    send(path, { method: "DELETE", cookie, headers });
  const signIn = async (who = administrator, headers: OutgoingHttpHeaders = {}) => {
    const answer = await send(path, { body: who, headers });
    assert.equal(answer.status, 200, answer.bytes.toString());
    return { answer, cookie: cookieOf(answer), api: new Api(server.url, answer.json.access_token) };
  };
  const isSignedIn = async (api: Api) => (await api.call("GET", "/account")).status === 200;

  test("has its refresh token only in a cookie for its path, and in no response body", async () => {
    const { answer, cookie, api } = await signIn();
    assert.deepEqual(Object.keys(answer.json).toSorted(), ["access_token", "expires_in"]);
    assert.equal(answer.json.expires_in, 900);
    const set = answer.headers["set-cookie"]?.[0] ?? "";
    assert.match(
      set,
      /^holdfast-session=hfr_[^;]+; Path=\/api\/v1\/sessions\/web; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
    assert.match(answer.headers["cache-control"] ?? "", /no-store/);
    assert.ok(await isSignedIn(api));
    const next = await refresh(cookie);
    assert.equal(next.status, 200, next.bytes.toString());
    assert.notEqual(cookieOf(next), cookie);
    for (const { bytes } of [answer, next]) assert.doesNotMatch(bytes.toString(), /hfr_/);
    assert.ok(await isSignedIn(new Api(server.url, next.json.access_token)));
  });

  test("is listed as a browser device, and ends with that device", async () => {
    const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const { api, cookie } = await signIn(administrator, { "user-agent": agent });
    const script = await Api.signIn(server.url);
    const { items } = (await api.call("GET", "/devices")).body;
    const shown = items.filter(({ current }: { current: boolean }) => current);
    assert.deepEqual(
      shown.map(({ name, browser }: { name: string; browser: boolean }) => [name, browser]),
      [["Firefox on Linux", true]],
    );
    assert.equal(items.find(({ name }: { name: string }) => name === "test").browser, false);
    assert.equal((await script.call("DELETE", `/devices/${shown[0].id}`)).status, 204);
    assert.ok(!(await isSignedIn(api)));
    assert.equal((await refresh(cookie)).status, 401);
  });

  test("can be ended with all others by one request, with or without the current one", async () => {
    const first = await signIn();
    const second = await signIn();
    const script = await Api.signIn(server.url);
    assert.equal((await second.api.call("DELETE", "/devices?keep=current")).status, 204);
    assert.deepEqual(
      [await isSignedIn(first.api), await isSignedIn(second.api), await isSignedIn(script)],
      [false, true, false],
    );
    assert.equal((await refresh(first.cookie)).status, 401);
    assert.equal((await second.api.call("GET", "/devices")).body.items.length, 1);
    assert.equal((await second.api.call("DELETE", "/devices")).status, 204);
    assert.ok(!(await isSignedIn(second.api)));
  });

  test("repeats a lost refresh response, and ends when an older refresh token is reused", async () => {
    const { cookie } = await signIn();
    const [lost, again] = [await refresh(cookie), await refresh(cookie)];
    assert.equal(cookieOf(lost), cookieOf(again));
    assert.ok(await isSignedIn(new Api(server.url, again.json.access_token)));
    assert.equal((await refresh(cookie)).status, 401);
    assert.equal((await refresh(cookieOf(again))).status, 401);
    assert.ok(!(await isSignedIn(new Api(server.url, again.json.access_token))));
  });

  test("ends at sign-out by cookie or access token, which also clears the cookie", async () => {
    const { cookie, api } = await signIn();
    const out = await signOut(cookie);
    assert.equal(out.status, 204);
    assert.match(out.headers["set-cookie"]?.[0] ?? "", /^holdfast-session=; Path=\/api\/v1\/sessions\/web; Max-Age=0;/);
    assert.equal(out.headers["clear-site-data"], '"cache"', "pictures that this browser has kept go too");
    assert.ok(!(await isSignedIn(api)));
    assert.equal((await refresh(cookie)).status, 401);
    assert.equal((await signOut(cookie)).status, 204);
    const other = await signIn();
    assert.equal((await signOut(undefined, { authorization: `Bearer ${other.api.token}` })).status, 204);
    assert.equal((await refresh(other.cookie)).status, 401);
  });

  test("ends at the next sign-in in the same browser, but not at a wrong password", async () => {
    const first = await signIn();
    const wrong = await send(path, { body: { ...administrator, password: "not the password" }, cookie: first.cookie });
    assert.equal(wrong.status, 401);
    assert.ok(await isSignedIn(first.api));
    const second = await send(path, { body: administrator, cookie: first.cookie });
    assert.equal(second.status, 200);
    assert.ok(await isSignedIn(new Api(server.url, second.json.access_token)));
    assert.ok(!(await isSignedIn(first.api)));
    assert.equal((await refresh(first.cookie)).status, 401);
    assert.equal((await refresh(cookieOf(second))).status, 200);
  });

  test("rejects missing, malformed, oversized, misnamed and duplicate cookies", async () => {
    const { cookie } = await signIn();
    const other = await signIn();
    const [, value = ""] = cookie.split("=");
    const wrong: [string, string | string[] | undefined][] = [
      ["none", undefined],
      ["empty", "holdfast-session="],
      ["nonsense", "holdfast-session=\u00ff%00;;;=;"],
      ["quoted", `holdfast-session="${value}"`],
      ["cut off", cookie.slice(0, -1)],
      ["of the next number", cookie.replace(/_1_/, "_2_")],
      ["long", `holdfast-session=${"a".repeat(10_000)}`],
      ["of another name", `xholdfast-session=${value}; Holdfast-Session=${value}; holdfast-session2=${value}`],
      ["for TLS", `__Secure-holdfast-session=${value}`],
      ["beside another", `${cookie}; ${other.cookie}`],
      ["beside another, in a header of its own", [cookie, other.cookie]],
    ];
    for (const [what, sent] of wrong) {
      const answer = await refresh(sent);
      assert.equal(answer.status, 401, `${what}: ${answer.bytes.toString()}`);
      assert.equal(answer.json.code, "unauthenticated", what);
      assert.equal(answer.headers["set-cookie"], undefined, what);
    }
    assert.equal((await refresh(`holdfast-session=${"a".repeat(20_000)}`)).status, 431);
    assert.equal((await refresh(`a=b; ${cookie};${cookie} ; c="d"`)).status, 200, "twice the same, among others");
  });

  test("rejects requests from other origins, from forms and without an origin", async () => {
    const { cookie, api } = await signIn();
    const { host, port } = new URL(server.url);
    const strange: [string, OutgoingHttpHeaders][] = [
      ["another host", { origin: "http://evil.example" }],
      ["another port", { origin: `http://127.0.0.1:${Number(port) + 1}` }],
      ["another scheme", { origin: `https://${host}` }],
      ["an opaque origin", { origin: "null" }],
      ["no origin", { origin: undefined }],
      ["ours and another", { origin: `${server.url}, http://evil.example` }],
      ["ours with a path", { origin: `${server.url}/` }],
      ["ours as its beginning", { origin: `${server.url}.evil.example` }],
      ["another site, as the browser says", { "sec-fetch-site": "cross-site" }],
      ["another port, as the browser says", { "sec-fetch-site": "same-site" }],
      ["what a proxy would say, without one", { origin: "https://x.example", "x-forwarded-host": "x.example" }],
    ];
    for (const [what, given] of strange) {
      // Undefined removes the header.
      const headers = Object.fromEntries(
        Object.entries({ origin: server.url, "content-type": "application/json", ...given }).filter(
          ([, value]) => value !== undefined,
        ),
      );
      const all = [
        await requestRaw(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(administrator) }),
        await requestRaw(`${server.url}${path}/refresh`, {
          method: "POST",
          headers: { ...headers, cookie },
          body: "{}",
        }),
        await requestRaw(`${server.url}${path}`, { method: "DELETE", headers: { ...headers, cookie } }),
      ];
      for (const { status, json, headers: answered } of all) {
        assert.deepEqual([status, json?.code, json?.field], [403, "forbidden", "Origin"], what);
        assert.ok(toldOf(json?.detail ?? "", given, server.url), `${what}: ${json?.detail}`);
        assert.equal(answered["set-cookie"], undefined, what);
        assert.equal(answered["access-control-allow-origin"], undefined, what);
      }
    }
    const form = "multipart/form-data; boundary=x";
    for (const type of ["text/plain", "application/x-www-form-urlencoded", form, "application/jsonp", ""]) {
      for (const to of [path, `${path}/refresh`]) {
        const headers = { "content-type": type };
        const { status } = await send(to, { body: administrator, cookie, headers });
        assert.equal(status, 415, `${type} to ${to}`);
      }
    }
    assert.ok(await isSignedIn(api), "a strange page has ended the session");
    assert.equal((await refresh(cookie)).status, 200);
  });

  test("is closed to other origins: preflight requests get 405 without CORS headers", async () => {
    for (const to of [path, `${path}/refresh`, "/api/v1/account", "/api/v1/signed-urls"]) {
      const headers = { origin: "http://evil.example", "access-control-request-method": "POST" };
      const answer = await requestRaw(`${server.url}${to}`, { method: "OPTIONS", headers });
      const allowed = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
      assert.deepEqual(allowed, [], to);
      assert.equal(answer.status, 405, to);
    }
  });

  test("is ignored by all other routes when only its cookie is sent", async () => {
    const { cookie, api } = await signIn();
    const own = new Set<Route>([routes.createWebSession, routes.refreshWebSession, routes.deleteWebSession]);
    const [, value = ""] = cookie.split("=");
    const names = ["holdfast-session", "__Secure-holdfast-session", "access_token", "token", "session"];
    const cookies = names.flatMap((name) => [`${name}=${value}`, `${name}=${api.token}`]).join("; ");
    let seen = 0;
    for (const route of Object.values(routes) as Route[]) {
      if (own.has(route)) continue;
      const url = `${server.url}${routeUrl(route).replaceAll(/:\w+/g, "root")}`;
      const ask = (headers: OutgoingHttpHeaders) => {
        const type = { "content-type": "application/json", origin: server.url };
        const body = ["GET", "DELETE"].includes(route.method) ? undefined : "{}";
        return requestRaw(url, { method: route.method, headers: { ...type, ...headers }, body });
      };
      const tried = await ask({ cookie: cookies });
      const expected = isOpen(route) ? (await ask({})).status : 401;
      const what = `${route.method} ${route.path}`;
      assert.equal(tried.status, expected, what);
      assert.equal(tried.headers["set-cookie"], undefined, what);
      seen += 1;
    }
    assert.ok(seen > 100, `${seen} routes`);
  });

  test("limits wrong passwords together with POST /sessions", async () => {
    const who = { email: "throttled@example.com", password: "the password of this one" };
    const admin = await Api.signIn(server.url);
    assert.equal((await admin.call("POST", "/admin/users", who)).status, 201);
    const wrong = { ...who, password: "another password" };
    const script = new Api(server.url);
    let turn = 0;
    const guess = async () => {
      turn += 1;
      const answer = turn % 2 === 0 ? script.call("POST", "/sessions", wrong) : send(path, { body: wrong });
      return (await answer).status === 401;
    };
    const stillInTime = bounded("guesses are refused");
    let letIn = 0;
    for (; await guess(); letIn += 1) stillInTime();
    // Separate limits would allow ten guesses in each way.
    assert.ok(letIn >= 10 && letIn < 20, `${letIn} were let in`);
    // The bucket refills meanwhile. If it has let the right password in, further guesses empty it again.
    const askWhenEmpty = async <Answer extends { readonly status: number }>(ask: () => Promise<Answer>) => {
      for (;;) {
        while (await guess()) stillInTime();
        const answer = await ask();
        if (answer.status !== 200) return answer;
        stillInTime();
      }
    };
    const refused = await askWhenEmpty(() => send(path, { body: who }));
    assert.equal(refused.status, 429, refused.bytes.toString());
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal((await askWhenEmpty(() => script.call("POST", "/sessions", who))).status, 429);
  });
});

describe("Browser session behind a proxy", () => {
  let folder: string;
  before(() => (folder = makeFolder("web-session-proxy")));
  after(() => removeFolder(folder));

  const run = async (
    name: string,
    options: { args?: string[]; env?: Record<string, string> },
    use: (send: (headers: OutgoingHttpHeaders) => Promise<RawAnswer>) => Promise<void>,
  ) => {
    const server = await startServer({ dataFolder: `${folder}/${name}`, ...options });
    try {
      await use((headers) =>
        requestRaw(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(administrator),
        }),
      );
    } finally {
      await server.stop();
    }
  };
  const outside = { "x-forwarded-proto": "https", "x-forwarded-host": "drive.example", "x-forwarded-for": "192.0.2.9" };

  test("accepts the forwarded origin, and sets a Secure cookie", async () => {
    await run("forwarded", { args: ["--behind-proxy"] }, async (send) => {
      const good = await send({ ...outside, origin: "https://drive.example" });
      assert.equal(good.status, 200, good.bytes.toString());
      const set = good.headers["set-cookie"]?.[0] ?? "";
      assert.match(set, /^__Secure-holdfast-session=hfr_[^;]+; Path=.*; HttpOnly; SameSite=Strict; Secure$/);
      const bad: OutgoingHttpHeaders[] = [
        { ...outside, origin: "http://drive.example" },
        { ...outside, origin: "https://evil.example" },
        // A value added by the client precedes the proxy's.
        { ...outside, "x-forwarded-host": "evil.example, drive.example", origin: "https://evil.example" },
      ];
      for (const headers of bad) assert.equal((await send(headers)).status, 403, JSON.stringify(headers));
    });
  });

  test("accepts the public URL as origin, with a Secure cookie, if the proxy forwards no protocol", async () => {
    const env = { HOLDFAST_PUBLIC_URL: "https://drive.example" };
    await run("public", { args: ["--behind-proxy"], env }, async (send) => {
      const good = await send({ host: "drive.example", origin: "https://drive.example" });
      assert.equal(good.status, 200, good.bytes.toString());
      assert.match(good.headers["set-cookie"]?.[0] ?? "", /^__Secure-.*; Secure$/);
      assert.equal((await send({ host: "drive.example", origin: "https://evil.example" })).status, 403);
    });
  });
});

function cookieOf({ headers }: RawAnswer): string {
  return headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";
}

function toldOf(detail: string, given: OutgoingHttpHeaders, url: string): boolean {
  if (!("origin" in given)) return detail.includes("Sec-Fetch-Site");
  if (given["origin"] === undefined) return detail.includes("has no Origin header");
  const isNamed = detail.includes(JSON.stringify(given["origin"])) && detail.includes(url);
  return isNamed && detail.includes("HOLDFAST_PUBLIC_URL") && detail.includes("--behind-proxy");
}
