import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { prepareApp } from "./prepare-app.ts";

const web = resolve(import.meta.dirname, "..");

function makeCheckout(t: TestContext): string {
  const checkout = mkdtempSync(join(tmpdir(), "holdfast-checkout-"));
  t.after(() => rmSync(checkout, { recursive: true, force: true, maxRetries: 5 }));
  const root = join(checkout, "apps/web");
  mkdirSync(join(root, "src"), { recursive: true });
  symlinkSync(resolve(web, "../../node_modules"), join(checkout, "node_modules"));
  cpSync(resolve(web, "../../package-lock.json"), join(checkout, "package-lock.json"));
  const copied = [
    "package.json",
    "api-docs.html",
    "index.html",
    "link-page.html",
    "preview-frame.html",
    "build",
    "src/browser",
    "src/icons",
    "src/service-worker",
  ];
  for (const file of copied)
    if (existsSync(join(web, file))) cpSync(join(web, file), join(root, file), { recursive: true });
  writeFileSync(join(root, "src/begin.ts"), "document.title = 'one';");
  mkdirSync(join(root, "src/preview-frame"));
  writeFileSync(join(root, "src/preview-frame/main.ts"), "document.title = 'frame';");
  mkdirSync(join(root, "src/link-page"));
  writeFileSync(join(root, "src/link-page/main.tsx"), "document.title = 'link';");
  mkdirSync(join(root, "src/api-docs"));
  writeFileSync(join(root, "src/api-docs/main.ts"), "document.title = 'docs';");
  return root;
}

async function prepare(root: string) {
  let builds = 0;
  const building = () => void (builds += 1);
  const folders = await prepareApp({ root, building, signal: new AbortController().signal });
  return { folders, builds };
}

function scriptsOf(folder: string): string {
  const assets = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".js"));
  return assets.map((name) => readFileSync(join(folder, "assets", name), "utf8")).join("");
}

test("the app is built if it is missing or if its sources or the lockfile changed, regardless of their times", async (t) => {
  const root = makeCheckout(t);
  const first = await prepare(root);
  assert.equal(first.builds, 1);
  assert.match(scriptsOf(first.folders[0] ?? ""), /one/);
  for (const file of ["src/begin.ts", "index.html", "../../package-lock.json"]) {
    utimesSync(join(root, file), new Date(), new Date());
    writeFileSync(join(root, "src/begin.test.ts"), "no part of the app");
  }
  assert.deepEqual(await prepare(root), { ...first, builds: 0 });
  writeFileSync(join(root, "src/begin.ts"), "document.title = 'two';");
  utimesSync(join(root, "src/begin.ts"), 0, 0);
  const second = await prepare(root);
  assert.equal(second.builds, 1);
  assert.match(scriptsOf(second.folders[0] ?? ""), /two/);
  assert.deepEqual(second.folders.slice(1), first.folders, "the build before it, for tabs that are open");
  writeFileSync(join(root, "../../package-lock.json"), "{}");
  assert.equal((await prepare(root)).builds, 1);
});

longTest("two concurrent builds produce one complete build and leave nothing else behind", async (t) => {
  const root = makeCheckout(t);
  const [one, other] = await Promise.all([prepare(root), prepare(root)]);
  assert.deepEqual([one.builds, other.builds], [1, 1]);
  assert.equal(one.folders[0], other.folders[0]);
  assert.match(scriptsOf(one.folders[0] ?? ""), /one/);
  assert.equal(readdirSync(join(root, "dist")).length, 1);
});

longTest("a build ends when its server is killed, and leaves nothing that looks like a build", async (t) => {
  const root = makeCheckout(t);
  const start = `
    const { prepareApp } = await import(${JSON.stringify(join(root, "build/prepare-app.ts"))});
    await prepareApp({ building: () => {}, signal: new AbortController().signal });`;
  const server = spawn(process.execPath, ["--input-type=module", "-e", start], { stdio: "inherit" });
  await eventually("the build begins", 60_000, () => (buildsOf(root) === 1 ? true : undefined));
  server.kill("SIGKILL");
  await once(server, "exit");
  await eventually("the build ends", 60_000, () => (buildsOf(root) === 0 ? true : undefined));
  assert.deepEqual(wholeBuilds(root), []);
  const stop = new AbortController();
  const stopped = prepareApp({ root, building: () => {}, signal: stop.signal });
  const refused = assert.rejects(stopped, /cannot be built/);
  await eventually("the build begins", 60_000, () => (buildsOf(root) === 1 ? true : undefined));
  stop.abort();
  await refused;
  assert.equal(buildsOf(root), 0);
  assert.deepEqual(wholeBuilds(root), []);
  assert.equal((await prepare(root)).builds, 1);
  assert.equal(wholeBuilds(root).length, 1);
});

function buildsOf(root: string): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(join(root, "build/build-app.ts"));
    } catch {
      return false;
    }
  }).length;
}

function wholeBuilds(root: string): string[] {
  const dist = join(root, "dist");
  return existsSync(dist) ? readdirSync(dist).filter((name) => existsSync(join(dist, name, "app.json"))) : [];
}

test("a build of broken sources fails with the cause and leaves no build", async (t) => {
  const root = makeCheckout(t);
  writeFileSync(join(root, "src/begin.ts"), "const = ;");
  await assert.rejects(prepare(root), /cannot be built[^]*begin\.ts/);
  assert.deepEqual(wholeBuilds(root), []);
});

test("an installed Holdfast without sources serves the build that it shipped with", async (t) => {
  const root = makeCheckout(t);
  rmSync(join(root, "src"), { recursive: true });
  rmSync(join(root, "index.html"));
  await assert.rejects(prepare(root), /neither its sources nor a build/);
  const shipped = join(root, "dist/0123456789abcdef0123");
  mkdirSync(shipped, { recursive: true });
  writeFileSync(join(shipped, "app.json"), "{}");
  const unfinished = ["old", "new"].map((name) => join(root, `dist/.unfinished-${name}`));
  for (const folder of unfinished) mkdirSync(folder);
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(unfinished[0] ?? "", hourAgo, hourAgo);
  assert.deepEqual(await prepare(root), { folders: [shipped], builds: 0 });
  assert.deepEqual(
    unfinished.map((path) => existsSync(path)),
    [false, true],
    "a build that was killed leaves nothing for long",
  );
});
