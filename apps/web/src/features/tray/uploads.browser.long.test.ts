import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  Api,
  administrator,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { drop, dropAtOnce, uploadsAreThere } from "../../testing/drop.ts";
import { filesPage } from "../../testing/files-page.ts";
import { signInByForm } from "../../testing/test-app.ts";
import { notesOfBrowser } from "../../testing/watched-page.ts";

const mib = 1024 * 1024;
const folder = makeFolder("web-drop");
// oxlint-disable-next-line react/rules-of-hooks -- no component
const browser = useBrowser({ width: 1440, height: 900 });
let server: ServerProcess;
let api: Api;

before(async () => {
  mkdirSync(join(folder, "data"));
  server = await spawnServer({ dataFolder: join(folder, "data") });
  api = await Api.signIn(server.url);
});
after(async () => {
  await server.stop();
  removeFolder(folder);
});

test("a dropped folder is uploaded with its empty folders and files", async () => {
  const tree = join(folder, "Trip 🏔️");
  mkdirSync(join(tree, "empty folder"), { recursive: true });
  mkdirSync(join(tree, "days", "one"), { recursive: true });
  writeFileSync(join(tree, "empty.txt"), "");
  writeFileSync(join(tree, "draft.txt~"), "A temporary name.");
  writeFileSync(join(tree, "days", "one", "notes.txt"), "Up at five.");
  writeFileSync(join(tree, "photo.jpg"), randomBytes(3 * mib));
  await signInByForm(browser.page, server.url, administrator);
  await drop(browser.page, [tree]);
  await browser.page.getByText("4 files uploaded").first().waitFor();
  await browser.page.getByText(/^1 file is named like a temporary file.*: draft\.txt~$/).waitFor();
  assert.equal((await api.download("/Trip 🏔️/days/one/notes.txt")).body.toString(), "Up at five.");
  assert.equal((await api.download("/Trip 🏔️/empty.txt")).body.length, 0);
  await api.idOf("/Trip 🏔️/empty folder");
  assert.deepEqual(
    browser.complaints.filter((text) => !text.includes("401") && !notesOfBrowser.some((note) => note.test(text))),
    [],
  );
});

test("files dropped before the upload code has loaded wait and are then uploaded", async () => {
  const { page } = browser;
  const [early, other] = ["early.txt", "early too.txt"].map((name) => join(folder, name)) as [string, string];
  for (const path of [early, other]) writeFileSync(path, `dropped as ${path}`);
  const released = Promise.withResolvers<void>();
  await page.route(/\/tray-host-[\w-]{8}\.js$/, async (route) => {
    await released.promise;
    await route.continue();
  });
  await signInByForm(page, server.url, administrator);
  await page.getByRole("button", { name: "Upload", exact: true }).first().waitFor();
  for (const path of [early, other]) await dropAtOnce(page, [path]);
  assert.equal(await page.getByRole("region", { name: "Uploads" }).count(), 0);
  released.resolve();
  for (const name of ["early.txt", "early too.txt"]) {
    await eventually(`${name} is uploaded`, 60_000, async () =>
      (await api.call("GET", `/metadata?path=/${encodeURIComponent(name)}`)).status === 200 ? true : undefined,
    );
    const stored = (await api.download(`/${name}`)).body;
    assert.equal(stored.toString(), `dropped as ${join(folder, name)}`);
  }
  await page.unrouteAll({ behavior: "wait" });
});

test("a 200 MiB upload resumes after the server was killed, and after a reload when it is dropped again", async () => {
  const file = join(folder, "film.mov");
  const content = randomBytes(200 * mib);
  writeFileSync(file, content);
  const { page } = browser;
  // Simulates Firefox and Safari. Headless Chromium crashes on a stored handle.
  await page.addInitScript(() => Reflect.deleteProperty(DataTransferItem.prototype, "getAsFileSystemHandle"));
  await signInByForm(page, server.url, administrator);
  await drop(page, [file]);
  await progressAbove(page, 15);
  await server.kill();
  server = await spawnServer({ dataFolder: join(folder, "data"), port: server.port });
  await progressAbove(page, 40);
  const warned = page.waitForEvent("dialog");
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  assert.equal((await warned).type(), "beforeunload");
  await page.getByText("The upload of film.mov was interrupted.").waitFor();
  await drop(page, [file]);
  await page.getByText("1 file uploaded").first().waitFor({ timeout: 180_000 });
  await page.getByText(/already on the server/).waitFor();
  api = await Api.signIn(server.url);
  const stored = (await api.download("/film.mov")).body;
  assert.equal(hashOf(stored), hashOf(content));
  const { body } = await api.call("GET", "/metadata?path=/");
  assert.equal(body.items.filter(({ name }: { name: string }) => name.startsWith("film")).length, 1);
});

test("an upload interrupted by a reload lists the missing files, and resumes when they are dropped", async () => {
  const { page } = browser;
  const names = ["Holiday film.mov", "To do.md", "Empty note.txt"];
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, `dropped as ${path}`);
  for (const name of names.slice(1)) assert.equal((await api.put(`/${name}`, "an older one")).status, 201);
  await signInByForm(page, server.url, administrator);
  await drop(page, paths);
  await page.getByText("2 names already exist").waitFor();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText("2 of 3 files are not uploaded yet: Empty note.txt, To do.md").waitFor();
  await drop(page, paths.slice(1));
  await page.getByText("2 names already exist").waitFor();
  assert.equal(await page.getByText("not uploaded yet").count(), 0);
  await page.getByRole("button", { name: "Choose…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
  await page.getByText("2 files uploaded").first().waitFor();
  const { body } = await api.call("GET", "/metadata?path=/");
  const found = new Set(body.items.map(({ name }: { name: string }) => name));
  for (const name of [...names, "To do (2).md", "Empty note (2).txt"]) assert.ok(found.has(name), name);
});

test("each file has one line: canceled, asking, stored, or failed with a reason and a retry", async () => {
  const { page } = browser;
  const names = ["slow film.mov", "known.txt", "new.txt"];
  const paths = names.map((name) => join(folder, name));
  writeFileSync(paths[0] as string, randomBytes(40 * mib));
  for (const path of paths.slice(1)) writeFileSync(path, `dropped as ${path}`);
  assert.equal((await api.put("/known.txt", "an older one")).status, 201);
  await signInByForm(page, server.url, administrator);
  await page.evaluate(() => localStorage.setItem("holdfast.preferences", JSON.stringify({ uploadLimit: "1" })));
  await page.reload();
  await drop(page, paths);
  const panel = page.getByRole("region", { name: "Uploads" });
  const line = (name: string) => panel.getByRole("listitem").filter({ has: page.getByTitle(name, { exact: true }) });
  await line("new.txt").getByText("Stored").waitFor();
  await line("known.txt").getByText("Already exists").waitFor();
  await panel.getByText("1 name already exists: known.txt").waitFor();
  await panel.getByRole("heading", { name: "Uploading 3 of 3" }).waitFor();
  await panel.getByText(/MiB\/s · \d+ \w+ left/).waitFor();
  assert.equal(await panel.getByText("slow film.mov").count(), 1, "a name is said once");
  await line("slow film.mov")
    .getByText(/^\d+%$/)
    .waitFor();
  await panel.getByRole("button", { name: "Cancel the upload of slow film.mov" }).click();
  await line("slow film.mov").getByText("Canceled").waitFor();
  await panel.getByRole("button", { name: "Cancel the upload of known.txt" }).click();
  await panel.getByRole("heading", { name: "1 file uploaded" }).waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  await page.evaluate(() => localStorage.removeItem("holdfast.preferences"));
  await page.reload();
  assert.equal(await page.getByText("not uploaded yet").count(), 0, "what was cancelled is not missing");

  const failing = ["one.txt", "two.txt", "three.txt"].map((name) => join(folder, name));
  for (const path of failing) writeFileSync(path, `dropped as ${path}`);
  const isFailing = /\/sync\/delta$/;
  await page.context().route(isFailing, (route) => route.fulfill({ status: 413, json: { code: "too_large" } }));
  await drop(page, failing);
  await panel.getByRole("heading", { name: "0 of 3 uploaded" }).waitFor();
  await panel.getByText("3 items failed").waitFor();
  await page.context().unroute(isFailing);
  await panel.getByRole("button", { name: "Try again: two.txt" }).click();
  await line("two.txt").getByText("Stored").waitFor();
  assert.equal(await line("one.txt").getByText("Failed").count(), 1);
  await panel.getByRole("button", { name: "Try all again" }).click();
  await panel.getByRole("heading", { name: "3 files uploaded" }).waitFor();
});

test("the panel covers neither the last rows nor their menus, in the list and the grid", async () => {
  const { page } = browser;
  await ok(api, "POST", "/metadata", { path: "/covered", kind: "folder" });
  for (let index = 10; index < 50; index += 1) await api.put(`/covered/${index}.txt`, String(index));
  const file = join(folder, "never last.txt");
  writeFileSync(file, "One more.");
  await signInByForm(page, server.url, administrator);
  await page.getByRole("link", { name: "covered", exact: true }).dblclick();
  await page.getByRole("heading", { level: 1, name: "covered" }).waitFor();
  await uploadsAreThere(page);
  await page.clock.install();
  await dropAtOnce(page, [file]);
  const panel = page.getByRole("region", { name: "Uploads" });
  await panel.getByText("1 file uploaded").waitFor();
  for (const view of ["List view", "Grid view"] as const) {
    if (view === "Grid view") await filesPage(page).showAs(view);
    await filesPage(page).row("10.txt").click();
    await page.keyboard.press("End");
    const last = page.getByRole("row", { selected: true });
    await last.getByText("never last.txt").waitFor();
    const [row, shown] = [await last.boundingBox(), await panel.boundingBox()];
    assert.ok(row !== null && shown !== null && row.y + row.height <= shown.y, view);
    for (const key of ["Home", "Escape"]) await page.keyboard.press(key);
  }
});

test("the speed limit slows uploads down, and removing it takes effect immediately", async () => {
  const file = join(folder, "slow.bin");
  writeFileSync(file, randomBytes(40 * mib));
  const { page } = browser;
  // Simulates Firefox and Safari. Headless Chromium crashes on a stored handle.
  await page.addInitScript(() => Reflect.deleteProperty(DataTransferItem.prototype, "getAsFileSystemHandle"));
  await signInByForm(page, server.url, administrator);
  await page.evaluate(() => localStorage.setItem("holdfast.preferences", JSON.stringify({ uploadLimit: "1" })));
  await page.reload();
  await drop(page, [file]);
  const limit = page.getByRole("region", { name: "Uploads" }).getByRole("button", { name: "Up to 1.0 MiB/s" });
  await limit.waitFor();
  await page.getByText(/\/s ·/).first().waitFor();
  const shown = await page.getByRole("progressbar", { name: "Uploads" }).getAttribute("aria-valuenow");
  assert.ok(Number(shown) < 50, `${shown} % are there already`);
  await page.getByRole("button", { name: "Account" }).first().click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("Signing out stops 1 upload: slow.bin. Files already uploaded stay on the server.").waitFor();
  await page.getByRole("button", { name: "Stay" }).click();
  await limit.click();
  await page.getByRole("menuitemradio", { name: "No limit" }).click();
  await page.getByText("1 file uploaded").first().waitFor({ timeout: 120_000 });
  assert.equal(await page.evaluate(() => localStorage.getItem("holdfast.preferences")), "{}");
});

test("uploading a thousand files blocks the page for less than 100 ms at a time", async () => {
  const { page } = browser;
  await signInByForm(page, server.url, administrator);
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(globalThis, { longTasks: tasks });
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      entryTypes: ["longtask"],
    });
  });
  // Other processes only make tasks longer.
  let longest = Number.POSITIVE_INFINITY;
  for (let run = 1; run <= 3 && longest >= 100; run += 1) {
    const tree = join(folder, `thousand ${run}`);
    mkdirSync(tree);
    for (let index = 0; index < 1000; index += 1) writeFileSync(join(tree, `${index}.txt`), randomBytes(2000));
    await drop(page, [tree]);
    const panel = page.getByRole("region", { name: "Uploads" });
    await panel.getByText("1,000 files uploaded").waitFor({ timeout: 120_000 });
    await panel.getByRole("button", { name: "Close" }).click();
    const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0));
    longest = Math.max(0, ...tasks);
  }
  assert.ok(longest < 100, `${longest} ms`);
});

test("a thousand small files take about two dozen requests", async () => {
  const { page } = browser;
  const tree = join(folder, "a thousand");
  for (let index = 0; index < 1000; index += 1) {
    const into = join(tree, String(index % 20));
    if (index < 20) mkdirSync(into, { recursive: true });
    writeFileSync(join(into, `${index}.txt`), randomBytes(2000));
  }
  await signInByForm(page, server.url, administrator);
  const asked: string[] = [];
  // Includes requests of workers.
  page.context().on("request", (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await drop(page, [tree]);
  await page.getByText("1,000 files uploaded").first().waitFor({ timeout: 120_000 });
  const uploading = asked.filter((each) => each.startsWith("POST /api/v1/"));
  assert.ok(uploading.length <= 24, uploading.join("\n"));
});

async function progressAbove(page: Page, percent: number): Promise<void> {
  const bar = page.getByRole("progressbar", { name: "Uploads" });
  await eventually(`more than ${percent} %`, 120_000, async () =>
    Number(await bar.getAttribute("aria-valuenow")) > percent ? true : undefined,
  );
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
