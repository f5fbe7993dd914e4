import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { calledRoutes } from "../../build/called-routes.ts";
import { useBrowser as startBrowser } from "@holdfast/tools/testing-browser";
import { usePackages } from "./testing-packages.ts";

const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/script.js"></script>';
const browser = startBrowser({ width: 400, height: 400 });
let script: string;
let server: Server;
let url: string;

before(async () => {
  script = await bundle(`globalThis.usePackages = (await import("/testing-packages.ts")).usePackages;`);
  const contents = new Map([
    ["/page", ["text/html", html]],
    ["/script.js", ["text/javascript", script]],
  ]);
  server = createServer((request, response) => {
    const account = JSON.stringify({ name: "Ann", token: request.headers.authorization });
    const [type, body] = contents.get(request.url ?? "") ?? ["application/json", account];
    const policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test("the packages behave in a browser without eval exactly as in Node", async () => {
  const { page, complaints } = browser;
  await page.goto(`${url}/page`);
  await page.waitForFunction("globalThis.usePackages !== undefined");
  const inBrowser: unknown = await page.evaluate("globalThis.usePackages('')");
  assert.deepEqual(inBrowser, JSON.parse(JSON.stringify(await usePackages(url))));
  assert.deepEqual(complaints, []);
});

test("the API client is less than 8 KiB compressed and contains no schema", async () => {
  const client = await bundle(`export { openClient } from "/client.ts";`);
  assert.ok(brotliCompressSync(client).length < 8 * 1024, `${brotliCompressSync(client).length} bytes`);
});

async function bundle(lines: string): Promise<string> {
  const entry = "entry.js";
  const folder = import.meta.dirname;
  const result = (await build({
    root: folder,
    configFile: false,
    envDir: false,
    logLevel: "error",
    publicDir: false,
    plugins: [
      calledRoutes(join(folder, "../..")),
      {
        name: "entry",
        resolveId: (id) => (id === entry ? `${folder}/${entry}` : null),
        load: (id) => (id === `${folder}/${entry}` ? lines.replaceAll('"/', `"${folder}/`) : null),
      },
    ],
    build: {
      write: false,
      target: "es2023",
      modulePreload: { polyfill: false },
      rolldownOptions: { input: entry, output: { codeSplitting: false }, preserveEntrySignatures: "strict" },
    },
  })) as Rolldown.RolldownOutput;
  const [chunk, ...more] = result.output;
  assert.equal(more.length, 0);
  return chunk.code;
}
