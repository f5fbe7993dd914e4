import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { type Front, openFront } from "../testing/front.ts";
import { signInByForm, testApp } from "../testing/test-app.ts";

const app = testApp();
let front: Front & { close(): Promise<void> };
beforeEach(async () => {
  front = await openFront(app.server.port);
});
afterEach(() => front.close());

const away = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|FAILED|ABORTED)/;

async function leaveServer(page: Page): Promise<void> {
  app.expectComplaint(away);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await front.leave();
}

async function kept(page: Page, other?: string): Promise<string> {
  return eventually("the app is kept", 30_000, async () => {
    const names = await page.evaluate(async () => {
      const found = (await caches.keys()).filter((name) => name.startsWith("shell-"));
      const whole = await Promise.all(
        found.map(async (name) => (await caches.match("/files", { cacheName: name })) && name),
      );
      return navigator.serviceWorker.controller === null ? [] : whole;
    });
    return names.find((name) => name !== undefined && name !== other);
  });
}

async function controlled(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

test("the manifest lets a browser install the app, with icons of the declared sizes", async () => {
  await app.open("/sign-in");
  const { page } = app;
  const [manifestPath, iconPath] = await Promise.all(
    ["manifest", "icon"].map((rel) => page.locator(`link[rel="${rel}"]`).getAttribute("href")),
  );
  const answer = await fetch(app.server.url + manifestPath);
  assert.equal(answer.headers.get("content-type"), "application/manifest+json");
  const manifest = (await answer.json()) as { icons: Icon[]; start_url: string; display: string; name: string };
  assert.deepEqual([manifest.name, manifest.start_url, manifest.display], ["Holdfast", "/files", "standalone"]);
  assert.ok(manifest.icons.some(({ src }) => src === iconPath));
  assert.ok(manifest.icons.some(({ purpose }) => purpose === "maskable"));
  for (const { src, type, sizes } of manifest.icons) {
    assert.equal((await fetch(app.server.url + src)).headers.get("content-type"), type, src);
    const widthPx = await page.evaluate(async (address) => {
      const image = Object.assign(new Image(), { src: address });
      await image.decode();
      return image.naturalWidth;
    }, src);
    if (sizes !== "any") assert.equal(`${widthPx}x${widthPx}`, sizes);
  }
});

interface Icon {
  readonly src: string;
  readonly type: string;
  readonly sizes: string;
  readonly purpose: string;
}

test("the app opens without its server, shows that it is unreachable, and recovers once it is back", async () => {
  const { page } = app;
  await app.api.put("/kept in mind.txt", "words");
  await signInByForm(page, front.url);
  await controlled(page);
  await kept(page);
  await leaveServer(page);
  await page.reload();
  await page.getByRole("status").filter({ hasText: "The server cannot be reached" }).waitFor();
  await page.getByRole("navigation", { name: "Places" }).first().waitFor();
  await page.goto(`${front.url}/starred`);
  await page.getByRole("status").filter({ hasText: "The server cannot be reached" }).waitFor();
  await page.goto(`${front.url}/files`);
  await front.comeBack();
  await page.getByText("kept in mind.txt", { exact: true }).first().waitFor();
  await page.getByRole("status").filter({ hasText: "The server cannot be reached" }).waitFor({ state: "detached" });
});

test("a server that hangs, or whose proxy reports it unavailable, counts as away", async () => {
  const { page } = app;
  await signInByForm(page, front.url);
  await controlled(page);
  await kept(page);
  app.expectComplaint(away);
  front.change("/recent", () => new Promise(() => {}));
  await page.goto(`${front.url}/recent`);
  await page.getByRole("heading", { name: "Recent" }).waitFor();
  front.change("/starred", () => ({ status: 502, body: "Bad Gateway" }));
  await page.goto(`${front.url}/starred`);
  await page.getByRole("heading", { name: "Starred" }).waitFor();
});

const newer = '<meta name="build" content="newer">';
const tagOf = (text: string) => createHash("sha256").update(text).digest("base64url").slice(0, 22);

async function deliverNewer(cacheName: string, places: readonly string[]): Promise<void> {
  const page = await (await fetch(`${app.server.url}/files`)).text();
  const changed = page.replace("<title>", `${newer}<title>`);
  for (const place of places) front.change(place, () => ({ body: changed }));
  front.change("/service-worker.js", (script) => {
    const key = cacheName.slice("shell-".length);
    assert.ok(script.includes(key) && script.includes(tagOf(page)));
    return {
      body: script.replaceAll(key, key.split("").toReversed().join("")).replaceAll(tagOf(page), tagOf(changed)),
    };
  });
}

const shells = (page: Page) =>
  page.evaluate(async () => (await caches.keys()).filter((name) => name.startsWith("shell-")));
const isNewer = async (page: Page) => (await page.locator('meta[name="build"]').count()) === 1;

test("a new build is used at the next load, opens offline, and does not break pages of the earlier build", async () => {
  const { page } = app;
  await signInByForm(page, front.url);
  await controlled(page);
  const first = await kept(page);
  const older = await page.context().newPage();
  await older.goto(`${front.url}/starred`);
  await deliverNewer(first, ["/files", "/recent"]);
  await page.goto(`${front.url}/recent`);
  assert.ok(await isNewer(page), "no page of the worker stands between");
  const second = await kept(page, first);
  await eventually("the worker of the new build answers", 30_000, async () =>
    (await page.evaluate(() =>
      navigator.serviceWorker.getRegistration().then((found) => found?.waiting ?? found?.installing),
    )) === null
      ? true
      : undefined,
  );
  assert.deepEqual(await shells(page), [first, second]);
  await leaveServer(page);
  await page.reload();
  await page.getByRole("navigation", { name: "Places" }).first().waitFor();
  assert.ok(await isNewer(page));
  await older.getByRole("button", { name: /^Account/ }).click();
  await older.getByRole("menuitem", { name: "Settings" }).click();
  await older.getByRole("heading", { level: 1, name: "Profile" }).waitFor();
  await front.comeBack();
  await older.close();
  await page.reload();
  await eventually("only what is needed is kept", 30_000, async () =>
    (await shells(page)).join() === second ? true : undefined,
  );
});

test("an incomplete build is not cached, and the earlier one stays", async () => {
  const { page } = app;
  await signInByForm(page, front.url);
  await controlled(page);
  const first = await kept(page);
  // Simulates an update of one of two servers: script and page are of different builds.
  await deliverNewer(first, []);
  const ended = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    const found = new Promise((resolve) => registration?.addEventListener("updatefound", resolve, { once: true }));
    await registration?.update().catch(() => {});
    await found;
    const worker = registration?.installing;
    if (worker == null) return "redundant";
    return new Promise<string>((resolve) => {
      worker.addEventListener("statechange", () => resolve(worker.state));
    });
  });
  assert.equal(ended, "redundant");
  assert.deepEqual(await shells(page), [first]);
  await leaveServer(page);
  await page.reload();
  await page.getByRole("heading", { name: "Offline", exact: true }).waitFor();
});

test("a server without the service worker's script removes it, and the app continues without", async () => {
  const { page } = app;
  await signInByForm(page, front.url);
  await controlled(page);
  await kept(page);
  await page.evaluate(async () =>
    (await caches.open("received-files")).put("/received/1-test/0", new Response("words")),
  );
  app.expectComplaint(/404 .*service-worker/);
  front.change("/service-worker.js", () => ({ status: 404, body: "" }));
  await page.goto(`${front.url}/recent`);
  await eventually("it is gone with all that it kept", 30_000, () =>
    page.evaluate(async () => {
      const registrations = await navigator.serviceWorker.getRegistrations();
      const names = await caches.keys();
      return registrations.length === 0 && names.every((name) => !name.startsWith("shell-")) ? true : undefined;
    }),
  );
  await page.reload();
  await page.getByRole("heading", { name: "Recent" }).waitFor();
  assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null);
  assert.ok(await page.evaluate(() => caches.has("received-files")), "files from other apps stay");
});
