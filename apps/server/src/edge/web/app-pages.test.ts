import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { request } from "node:http";
import { once } from "node:events";
import { openLog } from "../../base/operation/log.ts";
import { speakRaw, startTestServer } from "../testing.ts";
import { setupOf } from "./app-pages.ts";
import { openWebApp, type PrepareApp } from "./web-app.ts";

const script = "export const words = 'the script of the app';".repeat(20);

function makeBuild(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-app-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const listed = Object.entries(files).map(([file, text]) => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    const [br, gz] = [brotliCompressSync(text), gzipSync(text)];
    writeFileSync(`${path}.br`, br);
    writeFileSync(`${path}.gz`, gz);
    return { file, sizeBytes: text.length, tag: `tag-${file.length}`, br: br.length, gz: gz.length };
  });
  writeFileSync(join(folder, "app.json"), JSON.stringify({ files: listed }));
  return folder;
}

const usual = {
  "index.html": "<!doctype html><title>The app</title>",
  "preview-frame.html": "<!doctype html><title>The frame</title>",
  "assets/index-Bd5kLxo2.js": script,
  "assets/cut.worker-Bd5kLxo2.js": script,
  "assets/index-RMoRBcO9.css": "body { color: red }",
  "service-worker.js": script,
};

async function start(t: TestContext, prepare: PrepareApp, serverName?: string) {
  const lines: string[] = [];
  const web = openWebApp(prepare, openLog("info", { write: (line) => void lines.push(line) }), serverName);
  await web.opened;
  const server = await startTestServer({}, { web });
  t.after(async () => {
    await server.close(0);
    await web.close();
  });
  return { ...server, lines, web };
}

const places =
  "/files /files/01abc /f/01abc /recent /starred /shared /trash /search /edit/01abc /rewind/01abc /save/hfl_1 /receive /settings /settings/profile /admin /admin/accounts /invite /sign-in /forgot /design".split(
    " ",
  );

test("a page with a secret after # is returned once the app is built, because a refresh would lose it", async (t) => {
  const folder = makeBuild(t, usual);
  const { promise: built, resolve: finish } = Promise.withResolvers<readonly string[]>();
  const server = await start(t, ({ building }) => {
    building();
    return built;
  });
  const answer = fetch(`${server.url}/invite`).then((page) => page.text());
  assert.match(await (await fetch(`${server.url}/files`)).text(), /The server is starting/);
  finish([folder]);
  assert.equal(await answer, usual["index.html"]);
});

test("such a page waits at most 30 s, and then reports the build", async (t) => {
  const { promise: built, resolve: finish } = Promise.withResolvers<readonly string[]>();
  const lines: string[] = [];
  const web = openWebApp(
    ({ building }) => {
      building();
      return built;
    },
    openLog("info", { write: (line) => void lines.push(line) }),
  );
  t.after(() => {
    finish([]);
    return web.close();
  });
  const asked = { headers: {}, head: false };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const answer = setupOf(web)(asked);
  let isAnswered = false;
  void answer.then(() => (isAnswered = true));
  t.mock.timers.tick(29_999);
  await new Promise(setImmediate);
  assert.equal(isAnswered, false);
  t.mock.timers.tick(1);
  const page = await answer;
  assert.match("bytes" in page && typeof page.bytes === "string" ? page.bytes : "", /The server is starting/);
});

test("each app route returns the page with no-cache and a strict content security policy", async (t) => {
  const folder = makeBuild(t, usual);
  const server = await start(t, () => Promise.resolve([folder]));
  for (const place of places) {
    const answer = await fetch(`${server.url}${place}?open=x`);
    assert.equal(answer.status, 200, place);
    assert.equal(await answer.text(), usual["index.html"], place);
    assert.equal(answer.headers.get("cache-control"), "no-cache", place);
  }
  const { headers } = await fetch(`${server.url}/files`);
  const policy = headers.get("content-security-policy") ?? "";
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "report-uri /api/v1/csp-reports",
  ]) {
    assert.ok(policy.split("; ").includes(part), `${part} in ${policy}`);
  }
  assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/);
  for (const [name, value] of [
    ["content-type", "text/html; charset=utf-8"],
    ["x-content-type-options", "nosniff"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-opener-policy", "same-origin"],
    ["cross-origin-resource-policy", "same-origin"],
    ["x-frame-options", "DENY"],
  ] as const) {
    assert.equal(headers.get(name), value);
  }
  assert.match(headers.get("permissions-policy") ?? "", /camera=\(\)/);
});

test("files shared by another app before the service worker exists lead to a page with the reason", async (t) => {
  const server = await start(t, () => Promise.resolve([makeBuild(t, usual)]));
  const body = new FormData();
  body.append("files", new Blob(["x".repeat(200_000)]), "photo.jpg");
  const answer = await fetch(`${server.url}/receive`, { method: "POST", body, redirect: "manual" });
  assert.equal(answer.status, 303);
  const to = answer.headers.get("location") ?? "";
  assert.equal(to, "/receive?problem=not_ready");
  const page = await fetch(`${server.url}${to}`);
  assert.equal(await page.text(), usual["index.html"]);
  const other = await fetch(`${server.url}/receive`, { method: "PUT", body: "x" });
  assert.deepEqual([other.status, other.headers.get("allow")], [405, "GET, HEAD, POST"]);
  assert.equal((await fetch(`${server.url}/recent`, { method: "POST", body: "x" })).status, 405);
});

test("an asset is immutable, has the accepted encoding, and a known one gets 304", async (t) => {
  const folder = makeBuild(t, usual);
  const server = await start(t, () => Promise.resolve([folder]));
  const url = `${server.url}/assets/index-Bd5kLxo2.js`;
  for (const [accepted, encoding, unpack] of [
    ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
    ["br;q=0, identity", undefined, (bytes: Buffer) => bytes],
  ] as const) {
    const asking = request(url, { headers: { "accept-encoding": accepted } });
    asking.end();
    const [answer] = await once(asking, "response");
    const bytes = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>));
    assert.equal(answer.headers["content-encoding"], encoding);
    assert.equal(Number(answer.headers["content-length"]), bytes.length);
    assert.equal(unpack(bytes).toString(), script);
    assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(answer.headers["content-type"], "text/javascript; charset=utf-8");
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    assert.equal(answer.headers.vary, "accept-encoding");
  }
  const first = await fetch(url);
  assert.equal(await first.text(), script);
  const again = await fetch(url, { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  const head = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "identity" } });
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(script.length)]);
  assert.equal(
    (await fetch(`${server.url}/assets/index-RMoRBcO9.css`)).headers.get("content-type"),
    "text/css; charset=utf-8",
  );
  assert.equal((await fetch(url, { method: "POST" })).status, 405);
});

test("the server's name is escaped in page and manifest, and a change reaches caches and service workers", async (t) => {
  const name = "Müller & $& <Söhne>";
  const folder = makeBuild(t, {
    ...usual,
    "index.html": `<title>Holdfast</title><meta name="application-name" content="Holdfast" />${"<p>".repeat(50)}`,
    "manifest.webmanifest": JSON.stringify({ name: "Holdfast", short_name: "Holdfast", start_url: "/files" }),
    // The page's tag in `makeBuild`.
    "service-worker.js": 'const shell = { key: "tag-10-0123", pageTag: "tag-10" };',
  });
  const server = await start(t, () => Promise.resolve([folder]), name);
  const page = await fetch(`${server.url}/files`);
  const html = await page.text();
  const shown = "Müller &amp; $&amp; &lt;Söhne&gt;";
  assert.ok(html.startsWith(`<title>${shown}</title><meta name="application-name" content="${shown}" />`), html);
  assert.equal(page.headers.get("content-encoding"), "gzip");
  const manifest = await (await fetch(`${server.url}/manifest.webmanifest`)).json();
  assert.deepEqual(manifest, { name, short_name: name, start_url: "/files" });
  const tag = (page.headers.get("etag") ?? "").replaceAll(/^"|\.gz"$/g, "");
  assert.match(tag, /^[\w-]{22}$/);
  const worker = await (await fetch(`${server.url}/service-worker.js`)).text();
  assert.equal(worker, `const shell = { key: "${tag}-0123", pageTag: "${tag}" };`);
  const again = await fetch(`${server.url}/files`, { headers: { "if-none-match": `"${tag}"` } });
  assert.equal(again.status, 304);
  const plain = request(`${server.url}/files`, { headers: { "accept-encoding": "identity" } });
  plain.end();
  const [answer] = await once(plain, "response");
  assert.equal(Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString(), html);
  const icon = await fetch(`${server.url}/icon.svg`);
  assert.deepEqual([icon.status, icon.headers.get("content-type")], [200, "image/svg+xml"]);
});

test("while the app is built, the page has the server's name", async (t) => {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const prepare: PrepareApp = ({ building, signal }) => {
    building();
    signal.addEventListener("abort", () => resolve([]));
    return promise;
  };
  const server = await start(t, prepare, "Our drive");
  assert.match(await (await fetch(`${server.url}/files`)).text(), /<title>The server is starting – Our drive<\/title>/);
});

test("files that the index does not list are not served, for any path", async (t) => {
  const folder = makeBuild(t, usual);
  const server = await start(t, () => Promise.resolve([folder]));
  for (const path of [
    "/assets/missing-123.js",
    "/assets/../app.json",
    "/assets/..%2fapp.json",
    "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%5c..%5cetc%5cpasswd",
    "/assets//etc/passwd",
    "/assets/index-Bd5kLxo2.js.br",
    "/assets/constructor",
    "/assets/",
    "/app.json",
    "/index.html",
    "/files.html",
    "/manifest.webmanifest",
  ]) {
    const answer = await speakRaw(
      server.port,
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: identity\r\nconnection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1.1 404 /, path);
    assert.match(answer, /content-security-policy: default-src 'none'/, path);
  }
});

test("the preview frame has no origin and no network, and only the file worker may compile WebAssembly", async (t) => {
  const folder = makeBuild(t, usual);
  const server = await start(t, () => Promise.resolve([folder]));
  const policyOf = async (path: string) =>
    (await fetch(`${server.url}${path}`)).headers.get("content-security-policy")?.split("; ") ?? [];
  const frame = await policyOf("/preview-frame");
  assert.equal(frame[0], "sandbox allow-scripts");
  for (const part of ["default-src 'none'", "connect-src 'none'", "frame-ancestors 'self'"])
    assert.ok(frame.includes(part), part);
  assert.ok((await policyOf("/assets/cut.worker-Bd5kLxo2.js")).includes("script-src 'self' 'wasm-unsafe-eval'"));
  for (const path of ["/assets/index-Bd5kLxo2.js", "/service-worker.js"])
    assert.ok((await policyOf(path)).includes("script-src 'self'"), path);
  assert.equal((await fetch(`${server.url}/service-worker.js`)).headers.get("cache-control"), "no-cache");
});

test("while the app is built its routes show a self-refreshing page, and the API responds", async (t) => {
  const folder = makeBuild(t, usual);
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const server = await start(t, ({ building, signal }) => {
    building();
    signal.addEventListener("abort", () => resolve([folder]));
    return promise;
  });
  const answer = await fetch(`${server.url}/files/01abc`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.match(await answer.text(), /<meta http-equiv="refresh" content="2">[^]*This happens once for each version/);
  const asset = await fetch(`${server.url}/assets/index-Bd5kLxo2.js`);
  assert.deepEqual([asset.status, asset.headers.get("retry-after")], [503, "2"]);
  assert.ok(server.lines.some((line) => line.includes("building the web app (once for each version")));
  resolve([folder]);
  await server.web.close();
  assert.equal(await (await fetch(`${server.url}/files/01abc`)).text(), usual["index.html"]);
});

test("a server whose app cannot be built serves the rest, and reports that at its routes", async (t) => {
  const server = await start(t, () => Promise.reject(new Error("No space left")));
  const answer = await fetch(`${server.url}/files`);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /web app of this server is not available/);
  assert.ok(server.lines.some((line) => line.includes("No space left")));
  assert.equal((await fetch(`${server.url}/assets/index-Bd5kLxo2.js`)).status, 404);
});

test("a tab with an earlier build can load the rest of it", async (t) => {
  const earlier = makeBuild(t, { ...usual, "index.html": "earlier", "assets/old-AAAAAAAA.js": "old" });
  const newest = makeBuild(t, usual);
  const server = await start(t, () => Promise.resolve([newest, earlier, join(earlier, "cleared-away")]));
  assert.equal(await (await fetch(`${server.url}/assets/old-AAAAAAAA.js`)).text(), "old");
  assert.equal(await (await fetch(`${server.url}/files`)).text(), usual["index.html"]);
});
