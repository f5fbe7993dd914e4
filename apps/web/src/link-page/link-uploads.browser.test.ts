import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../testing/axe.ts";
import { dropAtOnce, dropHere, uploadsAreThere } from "../testing/drop.ts";
import { becomes } from "../testing/files-app.ts";
import { filesPage } from "../testing/files-page.ts";
import { makeLink, visit } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";
import { longTest } from "@holdfast/tools/tiers";

const app = testApp();
const folder = mkdtempSync(join(tmpdir(), "holdfast-link-drop-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const namesIn = async (path: string): Promise<string[]> => {
  const { items } = await ok(app.api, "GET", `/folders/${await app.api.idOf(path)}/contents`);
  return items.map(({ name }: { name: string }) => name);
};

test("an upload link accepts a folder, shows no existing content, and overwrites nothing", async () => {
  const { url } = await makeLink(app, "/box", { role: "uploader" });
  await app.api.put("/box/notes.txt", "somebody else's");
  const tree = join(folder, "Trip");
  mkdirSync(join(tree, "days"), { recursive: true });
  writeFileSync(join(tree, "days/one.txt"), "Up at five.");
  writeFileSync(join(folder, "notes.txt"), "mine");
  const { page } = app;
  await visit(page, url);
  await page.getByRole("heading", { level: 1, name: "box" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await dropHere(page, [tree, join(folder, "notes.txt")]);
  await page.getByText("2 files uploaded").first().waitFor();
  assert.equal(await page.getByRole("main").getByText("notes").count(), 0, "what is there is not shown");
  assert.equal((await app.api.download("/box/Trip/days/one.txt")).body.toString(), "Up at five.");
  assert.equal((await app.api.download("/box/notes.txt")).body.toString(), "somebody else's");
  const other = (await namesIn("/box")).find((name) => name.startsWith("notes") && name !== "notes.txt");
  assert.equal((await app.api.download(`/box/${other}`)).body.toString(), "mine");
  const kept = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  assert.deepEqual(kept, [], "nothing of it stays with the browser");
});

longTest("chosen files are uploaded through a link with a password", async () => {
  const { url } = await makeLink(app, "/picked", { role: "uploader", password: "p" });
  const { page } = app;
  await visit(page, url);
  await page.getByLabel("Link password").fill("p");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await uploadsAreThere(page);
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Choose files" }).click(),
  ]);
  await chooser.setFiles([{ name: "letter.txt", mimeType: "text/plain", buffer: Buffer.from("Dear all") }]);
  await page.getByText("1 file uploaded").first().waitFor();
  assert.equal((await app.api.download("/picked/letter.txt")).body.toString(), "Dear all");
});

longTest("the upload panel closes ten seconds after the last file, but not under the pointer", async () => {
  const { url } = await makeLink(app, "/closing", { role: "uploader" });
  const { page } = app;
  await visit(page, url);
  const panel = page.getByRole("region", { name: "Uploads" });
  const file = join(folder, "closes.txt");
  writeFileSync(file, "once");
  await dropHere(page, [file]);
  await panel.getByText("1 file uploaded").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  assert.equal(await panel.count(), 0, "at once");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "place");
  await page.clock.install();
  await dropAtOnce(page, [file]);
  await panel.getByText("1 file uploaded").waitFor();
  await panel.hover();
  await page.clock.fastForward(30_000);
  await panel.getByRole("button", { name: "Close" }).waitFor();
  await page.mouse.move(5, 5);
  await page.clock.fastForward(9000);
  assert.equal(await panel.count(), 1);
  await page.clock.fastForward(2000);
  await panel.waitFor({ state: "detached" });
});

longTest("an editor link can create, rename, trash and restore, and uploads into the open folder", async () => {
  const { url } = await makeLink(app, "/edited", { role: "editor" });
  await app.api.put("/edited/old.txt", "old");
  const { page } = app;
  await visit(page, url);
  const files = filesPage(page);
  await files.seen("old.txt");
  await page.getByRole("button", { name: "New folder" }).click();
  await page.getByLabel("New name").fill("drafts");
  await page.keyboard.press("Enter");
  await files.seen("drafts");
  await files.row("old.txt").click();
  await page.keyboard.press("F2");
  await page.getByLabel("New name").fill("new.txt");
  await page.keyboard.press("Enter");
  await files.seen("new.txt");
  await files.row("new.txt").click();
  await page.keyboard.press("Delete");
  await files.row("new.txt").waitFor({ state: "detached" });
  await page.getByText("1 item moved to trash").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).last().click();
  await files.seen("new.txt");
  await files.row("drafts").dblclick();
  await page.getByRole("heading", { level: 1, name: "drafts" }).waitFor();
  writeFileSync(join(folder, "sent.txt"), "sent");
  await dropHere(page, [join(folder, "sent.txt")]);
  await files.seen("sent.txt");
  assert.deepEqual(await axeProblems(page), []);
  await becomes(() => namesIn("/edited"), ["drafts", "new.txt"]);
  await becomes(() => namesIn("/edited/drafts"), ["sent.txt"]);
});
