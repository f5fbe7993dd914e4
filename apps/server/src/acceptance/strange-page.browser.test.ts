import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { useBrowser } from "@holdfast/tools/testing-browser";
import { administrator, Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** A page of another site can do nothing with the session of a signed-in browser. */
const browser = useBrowser({ width: 800, height: 600 });
let folder: string;
let server: RunningServer;
let elsewhere: Server;

before(async () => {
  folder = makeFolder("strange-page");
  server = await startServer({ dataFolder: `${folder}/data` });
  elsewhere = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!doctype html><title>Elsewhere</title>");
  });
  elsewhere.listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
});
after(async () => {
  elsewhere?.close();
  await server?.stop();
  removeFolder(folder);
});

const web = "/api/v1/sessions/web";

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly credentials?: "include";
  readonly mode?: "no-cors";
}

function send(to: string, init: Sent = {}): Promise<number | string> {
  return browser.page.evaluate(
    async ({ url, options }) => {
      try {
        return (await fetch(url, options)).status;
      } catch (error) {
        return (error as Error).name;
      }
    },
    { url: to, options: init },
  );
}

const json = { "content-type": "application/json" };
const refresh = () => send(`${server.url}${web}/refresh`, { method: "POST", headers: json, body: "{}" });

/** Opens an inert page of this server, because the app itself would also use the session. */
async function openOwnPage(): Promise<void> {
  const own = `${server.url}/a-page-of-ours`;
  await browser.page.route(own, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await browser.page.goto(own);
}

async function signIn(): Promise<void> {
  await openOwnPage();
  const body = JSON.stringify(administrator);
  assert.equal(await send(`${server.url}${web}`, { method: "POST", headers: json, body }), 200);
  assert.equal(await refresh(), 200, "our own page is not signed in");
}

test("no script can read the cookies, and they authenticate only the session's own routes", async () => {
  await signIn();
  assert.equal(await browser.page.evaluate("document.cookie"), "");
  const kept = await browser.page.context().cookies(`${server.url}${web}`);
  const found = kept.map(({ name, path, httpOnly, sameSite }) => `${name} ${path} ${httpOnly} ${sameSite}`);
  assert.deepEqual(
    new Set(found),
    new Set([
      `holdfast-cache /api/v1 true Strict`,
      `holdfast-device ${web} true Strict`,
      `holdfast-session ${web} true Strict`,
    ]),
  );
  const others = await browser.page.context().cookies(`${server.url}/api/v1/account`);
  assert.deepEqual(
    others.map(({ name }) => name),
    ["holdfast-cache"],
  );
  assert.equal(await send(`${server.url}/api/v1/account`, { credentials: "include" }), 401);
});

for (const host of ["127.0.0.1", "localhost"]) {
  test(`a page at another port of ${host} cannot read, use or end the session`, async () => {
    await signIn();
    const { page } = browser;
    const strange = `http://${host}:${(elsewhere.address() as AddressInfo).port}/`;
    await page.goto(strange);
    const credentials = "include" as const;
    const refused: [string, Sent][] = [
      [`${web}/refresh`, { method: "POST", headers: json, body: "{}", credentials }],
      [`${web}/refresh`, { method: "POST", body: "{}", credentials }],
      [web, { method: "DELETE", credentials }],
      ["/api/v1/account", { credentials }],
    ];
    for (const [to, init] of refused) {
      assert.equal(await send(`${server.url}${to}`, init), "TypeError", `${init.method ?? "GET"} ${to}`);
    }
    // These requests arrive, even if the page cannot read the answer.
    // Those from the same host carry the cookie, because another port is not another site.
    const answered = () => page.waitForResponse((response) => response.url().endsWith("/refresh"));
    await Promise.all([
      page.waitForEvent("requestfailed"),
      send(`${server.url}${web}/refresh`, { method: "POST", mode: "no-cors", body: "{}", credentials }),
    ]);
    for (const encoding of ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"]) {
      await page.goto(strange);
      const form = { action: `${server.url}${web}/refresh`, enctype: encoding, method: "post" };
      const [sent] = await Promise.all([
        answered(),
        page.waitForURL(/refresh$/),
        page.evaluate(`{
          const form = Object.assign(document.createElement("form"), ${JSON.stringify(form)});
          form.append(Object.assign(document.createElement("input"), { name: '{"a":"', value: '"}' }));
          document.body.append(form);
          form.submit();
        }`),
      ]);
      assert.equal(sent.status(), 403, encoding);
      const { cookie } = await sent.request().allHeaders();
      assert.equal(cookie !== undefined, host === "127.0.0.1", "the browser has sent something else than is tested");
    }
    await openOwnPage();
    assert.equal(await refresh(), 200, "a strange page has ended the session");
  });
}

test("a page of another origin cannot show or read a signed URL", async () => {
  const owner = await Api.signIn(server.url);
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const { id } = (await owner.put("/pixel.png", Buffer.from(pixel, "base64"))).body;
  const { body } = await owner.call("POST", "/signed-urls", { items: [{ id, use: "media" }] });
  const [{ url }] = body.urls;
  const { page } = browser;
  const shows = () =>
    page.evaluate(`Object.assign(new Image(), { src: ${JSON.stringify(url)} }).decode().then(() => true, () => false)`);
  await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
  assert.equal(await shows(), false);
  assert.equal(await send(url), "TypeError");
  await openOwnPage();
  assert.equal(await shows(), true, "not even its own origin shows it");
});
