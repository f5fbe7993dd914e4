import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import { filesPage } from "../testing/files-page.ts";
import { makeFolder, makeLink, visit } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp();

test("a signed-in visitor uses only the link: no session is sent, and nothing is stored", async () => {
  await makeFolder(app, "/apart/below");
  await app.api.put("/apart/note.txt", "apart");
  const { url } = await makeLink(app, "/apart");
  const token = new URL(url).pathname.slice("/s/".length);
  await app.signIn();
  await app.open("/files");
  const { page } = app;
  const kept = () =>
    page.evaluate(async () => ({
      local: Object.entries(localStorage),
      session: Object.entries(sessionStorage),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      caches: await caches.keys(),
    }));
  // This page runs no code of the app that could store something.
  await page.goto(`${app.server.url}/service-worker.js`);
  // The app does this only when it has fetched the scripts of all its places.
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("/service-worker.js", { scope: "/" });
    await navigator.serviceWorker.ready;
  });
  const before = await kept();
  const calls: { readonly path: string; readonly bearer: string | undefined; readonly referrer: string | undefined }[] =
    [];
  page.on("request", (request) => {
    const { authorization: bearer, referer: referrer } = request.headers();
    const { pathname: path } = new URL(request.url());
    calls.push({ path, bearer, referrer });
  });
  await visit(page, url);
  await filesPage(page).seen("note.txt");
  await filesPage(page).showAs("Grid view");
  await page.getByRole("grid").locator("[tabindex='0']").first().focus();
  await filesPage(page).row("note.txt").dblclick();
  await page.getByRole("dialog").waitFor();
  const api = calls.filter(({ path }) => path.startsWith("/api/"));
  assert.ok(api.length > 3);
  assert.deepEqual(new Set(api.map(({ bearer }) => bearer)), new Set([`Bearer ${token}`]));
  assert.deepEqual(
    api.filter(({ path }) => path.includes("/sessions")),
    [],
  );
  assert.deepEqual(
    calls.filter(({ referrer }) => referrer?.includes(token)),
    [],
    "the address of the page goes with no request",
  );
  assert.deepEqual(await kept(), before);
  assert.ok(!readFileSync(app.server.logFile, "utf8").includes(token), "the log has the pattern only");
});

/** Leaves traces if a script runs where it must not. */
const attack = "localStorage.setItem('owned', document.URL); document.title = 'owned'";
const hostile: Readonly<Record<string, string>> = {
  "page.html": `<!doctype html><body onload="${attack}"><script>${attack}</script><img src=x onerror="${attack}">`,
  "drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="${attack}"><script>${attack}</script></svg>`,
  "picture.png": `<svg xmlns="http://www.w3.org/2000/svg" onload="${attack}"/>`,
  "paper.pdf":
    "%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\ntrailer<</Root 1 0 R>>\n",
};

test("hostile files run nothing on the link page, whether they open over the folder or alone", async () => {
  // The files are not images and have no thumbnails.
  app.expectComplaint(/status of 404 .*\/thumbs\//);
  await makeFolder(app, "/hostile");
  const { page } = app;
  for (const [name, content] of Object.entries(hostile)) await app.api.put(`/hostile/${name}`, content);
  const { url } = await makeLink(app, "/hostile");
  // The default run uses each way for half of the files, framed and unframed ones.
  for (const [index, name] of Object.keys(hostile).entries()) {
    const id = await app.api.idOf(`/hostile/${name}`);
    const ways = [`${url}?open=${id}`, (await makeLink(app, `/hostile/${name}`)).url];
    for (const address of ways.filter((_, way) => isLongTier || way === index % 2)) {
      await visit(page, address);
      const isFramed = name.endsWith(".html") || name.endsWith(".svg");
      if (isFramed) await page.frameLocator("iframe").locator("main").waitFor();
      else await page.getByText("may be damaged").first().waitFor();
      assert.notEqual(await page.title(), "owned", address);
      assert.equal(await page.evaluate(() => localStorage.getItem("owned")), null, address);
    }
  }
});

test("the link page cannot be framed, by another site or by this one", async () => {
  app.expectComplaint(
    /frame-ancestors|X-Frame-Options|ERR_BLOCKED_BY_RESPONSE|Framing|failed: net::ERR_BLOCKED|frame/i,
  );
  const { url } = await makeLink(app, "/framed");
  const other = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(`<iframe src="${url}"></iframe>`);
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  try {
    const { page } = app;
    const isOfLink = (address: string) => address.split("#")[0] === url.split("#")[0];
    /** Reading the frame would find nothing before the page in it has loaded its script. */
    const refusedIn = async (open: () => Promise<unknown>) => {
      const refused = page.waitForEvent("requestfailed", (request) => isOfLink(request.url()));
      await open();
      assert.match((await refused).failure()?.errorText ?? "", /ERR_BLOCKED_BY_RESPONSE/);
      assert.ok(page.frames().every((frame) => !isOfLink(frame.url())));
    };
    await refusedIn(() => page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`));
    await app.open("/design");
    await refusedIn(() =>
      page.evaluate(async (address) => {
        const frame = Object.assign(document.createElement("iframe"), { src: address });
        const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.append(frame);
        await loaded;
      }, url),
    );
    await visit(page, url);
    const framed = await page.evaluate(async () => {
      const frame = Object.assign(document.createElement("iframe"), { src: "/design" });
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.body.append(frame);
      await loaded;
      try {
        return frame.contentDocument?.title ?? "closed";
      } catch {
        return "closed";
      }
    });
    assert.equal(framed, "closed", "nor does it frame a page of the app");
  } finally {
    other.close();
  }
});
