import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { isLongTier } from "@holdfast/tools/tiers";
import { testApp } from "../testing/test-app.ts";

const app = testApp();

/** Marks its origin's storage if a script runs where it must not. */
const attack = "localStorage.setItem('owned', document.URL); document.title = 'owned'";
const html = `<!doctype html><title>page</title><body onload="${attack}"><script>${attack}</script><img src=x onerror="${attack}">`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" onload="${attack}"><script>${attack}</script><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" srcdoc="&lt;script&gt;parent.${attack}&lt;/script&gt;"/></foreignObject></svg>`;
const pdf = `%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj\ntrailer<</Root 1 0 R>>\n`;

const strange: Readonly<Record<string, string>> = {
  "page.html": html,
  "page.xhtml": html,
  "drawing.svg": svg,
  "paper.pdf": pdf,
  // Types that do not match the content.
  "picture.png": html,
  "words.txt": html,
  "both.gif": `GIF89a/*${html}*/=1;${attack}//`,
  "script.js": attack,
  "data.xml": `<?xml-stylesheet href="data:text/xsl,${encodeURIComponent(svg)}"?><x/>`,
  noname: html,
};

/** One file of each way of answering: as HTML, as a picture, for the PDF viewer, and as another type than the content's. */
const main = new Set(["page.html", "drawing.svg", "paper.pdf", "picture.png"]);

async function marks(page = app.page) {
  await page.goto(`${app.server.url}/design`);
  return page.evaluate(() => localStorage.getItem("owned"));
}

test("no stored file runs its script in the app's origin, embedded or opened directly", async () => {
  app.expectComplaint(
    /frame-ancestors|X-Frame-Options|Content Security Policy|ERR_BLOCKED|failed: csp|net::ERR|MIME type|403|404|sandboxed/,
  );
  await app.signIn();
  await app.open("/design");
  const page = await app.another();
  for (const [name, content] of Object.entries(strange)) {
    if (!isLongTier && !main.has(name)) continue;
    await app.api.put(`/${name}`, content);
    const id = await app.api.idOf(`/${name}`);
    const uses = ["download", "media"] as const;
    const { urls } = await ok(app.api, "POST", "/signed-urls", { items: uses.map((use) => ({ id, use })) });
    for (const { url } of urls as { url: string }[]) {
      await page.goto(new URL(url, app.server.url).href).catch(() => {});
      assert.notEqual(await page.title(), "owned", name);
      // An attachment fires no event in a frame, so the test waits for the response.
      const framed = app.page.waitForResponse((answer) => answer.request().frame() !== app.page.mainFrame());
      await app.page.evaluate(async (address) => {
        const picture = document.createElement("img");
        const settled = new Promise<void>((resolve) => {
          picture.addEventListener("load", () => resolve());
          picture.addEventListener("error", () => resolve());
        });
        picture.src = address;
        document.body.append(picture, Object.assign(document.createElement("iframe"), { src: address }));
        await settled;
      }, url);
      await framed;
      assert.notEqual(await app.page.title(), "owned", name);
    }
  }
  // A mark names the address that left it.
  for (const each of [app.page, page]) assert.equal(await marks(each), null);
});

test("a blob of hostile content made by the app runs nothing when it is opened", async () => {
  app.expectComplaint(/Content Security Policy|failed: csp|Refused|blocked/i);
  await app.signIn();
  await app.open("/design");
  for (const [type, content] of [
    ["text/html", html],
    ["image/svg+xml", svg],
  ] as const) {
    const opened = app.page.waitForEvent("popup");
    await app.page.evaluate(
      ([of, text]) => {
        const url = URL.createObjectURL(new Blob([text], { type: of }));
        document.body.append(Object.assign(document.createElement("iframe"), { src: url }));
        window.open(url);
      },
      [type, content] as const,
    );
    const popup = await opened;
    await popup.waitForLoadState();
    assert.notEqual(await popup.title(), "owned", type);
    await popup.close();
  }
  assert.equal(await marks(), null);
});

test("the frame shows hostile content as text, has no origin, and cannot reach network or page", async () => {
  app.expectComplaint(/Content Security Policy|violates|Blocked a frame|sandboxed|failed: csp|localStorage/);
  await app.open("/design");
  const state = await app.page.evaluate(async (text) => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.src = "/preview-frame";
    frame.title = "Preview";
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener("load", resolve));
    const { port1, port2 } = new MessageChannel();
    frame.contentWindow?.postMessage("open", "*", [port2]);
    const answered = new Promise<unknown>((resolve) => {
      port1.addEventListener("message", ({ data }) => resolve(data));
    });
    port1.start();
    const { buffer } = new TextEncoder().encode(text);
    const look = { locale: "en", direction: "ltr", wraps: true };
    const given = { kind: "text", name: "page.html", bytes: buffer, sizeBytes: buffer.byteLength, look, words: {} };
    port1.postMessage(given, [buffer]);
    return answered;
  }, html);
  assert.deepEqual(state, { state: "shown", facts: { mayWrap: true, isCut: false } });
  const frame = app.page.frames().find((each) => each.url().endsWith("/preview-frame"));
  assert.ok(frame !== undefined);
  assert.equal(await frame.locator("main").textContent(), html);
  const refused = await frame.evaluate(async () => {
    const tries: Record<string, () => unknown> = {
      storage: () => localStorage.length,
      cookie: () => document.cookie,
      parent: () => parent.document.title,
      navigate: () => (top as Window).location.assign("/"),
      network: () => fetch("/api/v1/account"),
      popup: () => {
        if (window.open("about:blank") === null) throw new Error("no window");
      },
    };
    const outcome: Record<string, boolean> = {};
    for (const [name, act] of Object.entries(tries)) {
      try {
        await act();
        outcome[name] = false;
      } catch {
        outcome[name] = true;
      }
    }
    return { origin: self.origin, outcome };
  });
  assert.equal(refused.origin, "null");
  assert.deepEqual(
    Object.entries(refused.outcome).filter(([, isRefused]) => !isRefused),
    [],
  );
  assert.equal(await marks(), null);
});

test("the frame cannot be framed by another site", async () => {
  app.expectComplaint(/frame-ancestors|X-Frame-Options|ERR_BLOCKED_BY_RESPONSE|Framing/);
  const { page, server } = app;
  const address = `${server.url}/preview-frame`;
  const other = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(`<iframe src="${address}"></iframe>`);
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  try {
    const refused = page.waitForEvent("requestfailed", (request) => request.url() === address);
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    assert.match((await refused).failure()?.errorText ?? "", /ERR_BLOCKED_BY_RESPONSE/);
    assert.ok(page.frames().every((frame) => frame.url() !== address));
  } finally {
    other.close();
  }
});
