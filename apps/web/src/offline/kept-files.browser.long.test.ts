import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { administrator, eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../testing/axe.ts";
import { uploadsAreThere } from "../testing/drop.ts";
import { becomes } from "../testing/files-app.ts";
import { filesPage } from "../testing/files-page.ts";
import { type Front, openFront } from "../testing/front.ts";
import { isLoaded } from "../testing/loaded-picture.ts";
import { signInByForm, testApp } from "../testing/test-app.ts";

const app = testApp();
let front: Front & { close(): Promise<void> };
beforeEach(async () => {
  front = await openFront(app.server.port);
});
afterEach(() => front.close());

const away = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED|FAILED|ABORTED)/;
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

async function begin(page: Page, who?: Parameters<typeof signInByForm>[2]): Promise<void> {
  await signInByForm(page, front.url, who);
  await page.evaluate(() => navigator.serviceWorker.ready);
}

async function leave(page: Page): Promise<void> {
  app.expectComplaint(away);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.clearBrowserCache");
  await front.leave();
}

async function keepOffline(page: Page, name: string): Promise<void> {
  const row = filesPage(page).row(name);
  await row.click();
  await page.getByText("1 selected").waitFor();
  await row.click({ button: "right" });
  await filesPage(page).pickMore("Keep offline");
}

function left(page: Page) {
  return page.evaluate(async () => {
    const sizes: number[] = [];
    for await (const folder of (await navigator.storage.getDirectory()).values()) {
      if (!(folder instanceof FileSystemDirectoryHandle)) continue;
      for await (const [name, file] of folder.entries()) {
        if (!(file instanceof FileSystemFileHandle) || name === "index.json") continue;
        // The file may be deleted in the meantime.
        const { size } = await file.getFile().catch(() => ({ size: -1 }));
        sizes.push(size);
      }
    }
    return {
      sizes: sizes.toSorted((one, other) => one - other),
      caches: (await caches.keys()).filter((name) => !name.startsWith("shell-")),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      remembered: Object.entries(localStorage).filter(([key]) => key.startsWith("holdfast-")),
    };
  });
}

const isOfThumbs = (cacheName: string) => cacheName.startsWith("holdfast-thumbs-");

const isKept = (page: Page, sizes: readonly number[]) =>
  eventually(`kept: ${sizes.join()}`, 30_000, async () =>
    (await left(page)).sizes.join() === sizes.join() ? true : undefined,
  );

test("a kept file opens offline byte for byte, and the page recovers when the server is back", async () => {
  const { page, api } = app;
  const program = randomBytes(300_000);
  await api.put("/words.txt", "The words that are kept.");
  await api.put("/dot.png", picture);
  await ok(api, "POST", "/metadata", { path: "/Trip", kind: "folder" });
  await api.put("/Trip/program.bin", program);
  await api.put("/left behind.txt", "not kept");
  await begin(page);
  for (const name of ["words.txt", "dot.png", "Trip"]) await keepOffline(page, name);
  await isKept(page, [24, picture.length, 300_000]);
  await filesPage(page).row("words.txt").getByRole("img", { name: "Kept offline" }).waitFor();
  await leave(page);
  await page.reload();
  await page.getByRole("heading", { name: "Offline", exact: true }).waitFor();
  const list = page.getByRole("list", { name: "Files kept offline" });
  const listed = async () => (await list.getByRole("link").allInnerTexts()).toSorted();
  await becomes(listed, ["dot.png", "program.bin", "words.txt"]);
  assert.deepEqual(await axeProblems(page), []);
  await list.getByRole("link", { name: "words.txt" }).click();
  await page.getByText("The words that are kept.").waitFor();
  await page.keyboard.press("Escape");
  await list.getByRole("link", { name: "dot.png" }).click();
  const image = page.getByRole("img", { name: "dot.png" });
  await image.waitFor();
  await isLoaded(image, 1);
  await page.keyboard.press("Escape");
  await list.getByRole("link", { name: "program.bin" }).click();
  const saving = page.waitForEvent("download");
  await page.getByText("No offline preview for this file type. Save it to open it on your computer.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Download" }).last().click();
  const saved = readFileSync(await (await saving).path());
  assert.ok(saved.equals(program), "the same bytes");
  await page.keyboard.press("Escape");
  await page.goto(`${front.url}/settings/offline`);
  await page.getByText("3 files").waitFor();
  await page.goto(`${front.url}/files`);
  await list.waitFor();
  await front.comeBack();
  await filesPage(page).seen("left behind.txt");
});

test("a kept file is updated after a change, and removed when it is trashed or unmarked", async () => {
  const { page, api } = app;
  await api.put("/changing.txt", "one");
  await api.put("/trashed.txt", "trashed");
  await api.put("/unmarked.txt", "unmarked!");
  await begin(page);
  for (const name of ["changing.txt", "trashed.txt", "unmarked.txt"]) await keepOffline(page, name);
  await isKept(page, [3, 7, 9]);
  await api.put("/changing.txt", "one, and more of it", "&on_conflict=replace");
  await isKept(page, [7, 9, 19]);
  await ok(api, "DELETE", `/files/${await api.idOf("/trashed.txt")}`);
  await isKept(page, [9, 19]);
  await page.goto(`${front.url}/settings/offline`);
  await page.getByRole("button", { name: "Remove unmarked.txt from this browser" }).click();
  await isKept(page, [19]);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Remove all" }).click();
  await page.getByText("No files kept offline").waitFor();
  await isKept(page, []);
});

test("access revoked while the browser was offline removes the kept file at the next connection", async () => {
  const { page, api } = app;
  await api.put("/for Bob.txt", "for Bob");
  const bob = await app.addPerson("Bob");
  const id = await api.idOf("/for Bob.txt");
  const grant = await ok(api, "POST", `/files/${id}/share`, { email: bob.email, role: "viewer" });
  await begin(page, bob);
  await page.goto(`${front.url}/shared`);
  await keepOffline(page, "for Bob.txt");
  await isKept(page, [7]);
  await leave(page);
  // Browsers log each error response.
  app.expectComplaint(/404 .*\/api\/v1\/files\//);
  await ok(api, "DELETE", `/permissions/${grant.id}`);
  await page.reload();
  await page.getByRole("link", { name: "for Bob.txt" }).waitFor();
  await front.comeBack();
  await isKept(page, []);
});

test("a sign-out removes all kept files, and another account in the same browser sees none", async () => {
  const { page, api } = app;
  await api.put("/secret.txt", "a secret");
  await api.put("/seen.png", picture);
  const carol = await app.addPerson("Carol");
  await begin(page);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await keepOffline(page, "secret.txt");
  await isKept(page, [8]);
  await eventually("pictures are kept", 30_000, async () => (await left(page)).caches.some(isOfThumbs) || undefined);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  // The empty value distinguishes a sign-out from deleted site data.
  const nothing = { sizes: [], caches: [], databases: [], remembered: [["holdfast-last-session", ""]] };
  await eventually("nothing is left", 30_000, async () =>
    JSON.stringify(await left(page)) === JSON.stringify(nothing) ? true : undefined,
  ).catch(async () => assert.deepEqual(await left(page), nothing));
  await begin(page, carol);
  await page.goto(`${front.url}/settings/offline`);
  await page.getByText("No files kept offline").waitFor();
  // A shown name is stored and available offline.
  await page.getByRole("button", { name: "Account of Carol" }).waitFor();
  await leave(page);
  await page.goto(`${front.url}/files`);
  await page.getByText("Carol’s files that are kept offline").waitFor();
  assert.equal(await page.getByText("secret.txt").count(), 0);
});

test("a session ended elsewhere removes kept files at the next connection", async () => {
  app.expectComplaint(/status of 401/);
  const { page, api } = app;
  await api.put("/of a lost device.txt", "lost");
  await begin(page);
  await keepOffline(page, "of a lost device.txt");
  await isKept(page, [4]);
  await leave(page);
  await page.reload();
  await page.getByRole("link", { name: "of a lost device.txt" }).waitFor();
  await api.call("DELETE", "/devices?keep=current");
  await front.comeBack();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await isKept(page, []);
  await eventually("no picture is left", 30_000, async () => !(await left(page)).caches.some(isOfThumbs) || undefined);
  await signInByForm(page, front.url, administrator);
});

test("a session ended elsewhere removes kept files immediately, also while a page is open", async () => {
  app.expectComplaint(/status of 401/);
  const { page, api } = app;
  await api.put("/in a stolen bag.txt", "stolen");
  await begin(page);
  await keepOffline(page, "in a stolen bag.txt");
  await isKept(page, [6]);
  await api.call("DELETE", "/devices?keep=current");
  await page.getByRole("dialog").getByRole("textbox", { name: "Password" }).waitFor();
  await isKept(page, []);
  await leave(page);
  await page.reload();
  await page.getByRole("heading", { name: "Offline", exact: true }).waitFor();
  assert.equal(await page.getByText("in a stolen bag.txt").count(), 0);
  await front.comeBack();
});

test("files chosen offline wait visibly, and upload automatically when the server is back", async () => {
  const { page, api } = app;
  await begin(page);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await uploadsAreThere(page);
  await page.getByRole("button", { name: /^Account of/ }).waitFor();
  await leave(page);
  const chooseFile = async (name: string) => {
    await uploadsAreThere(page);
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Upload", exact: true }).first().click();
    await page.getByRole("menuitem", { name: "Upload files" }).click();
    await (await choosing).setFiles({ name, mimeType: "text/plain", buffer: Buffer.from(`words of ${name}`) });
    await page
      .getByText(/The server cannot be reached|trying again/i)
      .first()
      .waitFor();
  };
  await chooseFile("begun open.txt");
  await front.comeBack();
  await page.getByText("1 file uploaded").first().waitFor({ timeout: 120_000 });
  assert.equal((await api.download("/begun open.txt")).body.toString(), "words of begun open.txt");
  await leave(page);
  await page.reload();
  await page.getByRole("heading", { name: "Offline", exact: true }).waitFor();
  await chooseFile("begun offline.txt");
  await front.comeBack();
  await page.getByText("1 file uploaded").first().waitFor({ timeout: 120_000 });
  assert.equal((await api.download("/begun offline.txt")).body.toString(), "words of begun offline.txt");
});
