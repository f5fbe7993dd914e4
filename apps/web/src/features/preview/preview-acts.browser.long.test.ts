import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Locator, Page } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../../testing/axe.ts";
import { filesApp } from "../../testing/files-app.ts";
import { filesPage } from "../../testing/files-page.ts";
import { makeLink, visit } from "../../testing/link-visit.ts";

const files = filesApp();
const { app } = files;

async function openFile(name: string, at: string): Promise<Page> {
  const folderId = await app.api.idOf(files.folder);
  await app.signIn();
  await app.page.goto(`${app.server.url}/files/${folderId}?open=${await app.api.idOf(`${files.folder}/${name}`)}`);
  await heading(app.page, name);
  await position(app.page, at);
  return app.page;
}

const heading = (page: Page, name: string) => page.getByRole("dialog").getByRole("heading", { name }).waitFor();
const position = (page: Page, text: string) => page.getByRole("dialog").getByText(text, { exact: true }).waitFor();
const button = (page: Page, name: string) => page.getByRole("dialog").getByRole("button", { name, exact: true });

async function menuOf(page: Page): Promise<readonly string[]> {
  await button(page, "Actions").click();
  await page.getByRole("menu").waitFor();
  const namesIn = (menu: Locator) => menu.getByRole("menuitem").locator("span.truncate").allInnerTexts();
  const names = await namesIn(page.getByRole("menu"));
  if (names.includes("More")) {
    await page.getByRole("menuitem", { name: "More", exact: true }).click();
    const submenu = page.getByRole("menu", { name: "More" });
    await submenu.waitFor();
    names.push(...(await namesIn(submenu)));
  }
  // In a sheet, the submenu has replaced the items.
  if ((await page.getByRole("button", { name: "Back", exact: true }).count()) > 0) await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  // Keys before that would be lost.
  await page.waitForFunction(() => document.activeElement?.matches("[role=dialog] [aria-haspopup=menu]"));
  return names;
}

test("a shown file can be starred and renamed, and deleting it shows the next file and can be undone", async () => {
  await files.fill("a.xyz", "b.xyz", "c.xyz", "folder/");
  const page = await openFile("a.xyz", "1 of 3");
  await button(page, "Add star").click();
  await button(page, "Remove star").waitFor();
  // The list shows the star before the server has it.
  await eventually("the server has the star", 30_000, async () => {
    const { items } = await ok(app.api, "GET", "/starred");
    return items.some(({ name }: { name: string }) => name === "a.xyz") || undefined;
  });
  await page.keyboard.press("F2");
  const field = page.getByRole("textbox", { name: "New name" });
  await field.waitFor();
  await page.keyboard.press("Escape");
  await field.waitFor({ state: "detached" });
  await button(page, "Actions").click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await field.fill("alpha.xyz");
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Enter");
  await heading(page, "alpha.xyz");
  await page.keyboard.press("Delete");
  await heading(page, "b.xyz");
  await position(page, "1 of 2");
  await page.getByRole("button", { name: "Undo" }).last().click();
  await position(page, "2 of 3");
  await page.keyboard.press("ArrowRight");
  await heading(page, "c.xyz");
  await page.keyboard.press("Delete");
  await heading(page, "b.xyz");
  await position(page, "2 of 2");
  await page.keyboard.press("Delete");
  await heading(page, "alpha.xyz");
  await page.keyboard.press("Delete");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(await files.namesOnServer(), ["folder"]);
});

test("holding Delete trashes only one file", async () => {
  await files.fill("a.xyz", "b.xyz", "c.xyz");
  const page = await openFile("a.xyz", "1 of 3");
  await page.keyboard.down("Delete");
  await heading(page, "b.xyz");
  // Repeats.
  await page.keyboard.down("Delete");
  await page.keyboard.down("Delete");
  await page.keyboard.up("Delete");
  await page.keyboard.press("ArrowRight");
  await heading(page, "c.xyz");
  assert.deepEqual(await files.namesOnServer(), ["b.xyz", "c.xyz"]);
});

test("a file whose star was removed stays in the preview and can be renamed", async () => {
  await files.fill("lost.xyz");
  await ok(app.api, "PUT", `/files/${await app.api.idOf(`${files.folder}/lost.xyz`)}/star`);
  await app.signIn();
  const { page } = app;
  await app.open("/starred");
  await filesPage(page).row("lost.xyz").dblclick();
  await button(page, "Remove star").click();
  await button(page, "Add star").waitFor();
  await page.keyboard.press("F2");
  await page.getByRole("textbox", { name: "New name" }).fill("found.xyz");
  await page.keyboard.press("Enter");
  await heading(page, "found.xyz");
});

test("a deletion that the server refuses leaves the file open", async () => {
  await files.fill("a.xyz", "b.xyz");
  const page = await openFile("a.xyz", "1 of 2");
  const id = await app.api.idOf(`${files.folder}/a.xyz`);
  await page.route("**/api/v1/sync/delta", (route) => {
    const { operations } = route.request().postDataJSON() as { operations: { operation_id: string }[] };
    const results = operations.map(({ operation_id }) => ({ operation_id, status: "error", code: "forbidden" }));
    return route.fulfill({ json: { results } });
  });
  await page.keyboard.press("Delete");
  await page.getByRole("region", { name: "Messages" }).getByText("No permission to change this").waitFor();
  await position(page, "1 of 2");
  assert.ok(page.url().endsWith(id));
});

test("Share opens the field for people beside the file", async () => {
  await files.fill("a.xyz");
  const page = await openFile("a.xyz", "1 of 1");
  await button(page, "Share…").click();
  await eventually("the focus is in the field", 30_000, () =>
    page.evaluate(() => document.activeElement?.matches("aside input") || undefined),
  );
});

test("at 320 px, buttons that do not fit are in the menu", async () => {
  await files.fill("a.xyz");
  const page = await openFile("a.xyz", "1 of 1");
  await page.setViewportSize({ width: 320, height: 640 });
  await button(page, "Share…").waitFor({ state: "hidden" });
  const [names, isCut] = [await menuOf(page), await page.evaluate(() => document.body.scrollWidth > 320)];
  assert.deepEqual(names, [
    "Download",
    "Share…",
    "Copy link",
    "Add star",
    "Rename",
    "Move to…",
    "Details",
    "More",
    "Move to trash",
    "Copy to…",
    "Versions",
    "Copy internal link",
    "Keep offline",
    "Full screen",
  ]);
  assert.equal(isCut, false);
});

test("a viewer is offered no changes, and Delete does nothing", async () => {
  await files.fill("a.xyz", "b.xyz");
  const ann = await app.addPerson("Ann");
  await ok(app.api, "POST", `/files/${await app.api.idOf(files.folder)}/share`, { email: ann.email, role: "viewer" });
  const { page } = app;
  await app.signIn(ann);
  const [folderId, id] = [await app.api.idOf(files.folder), await app.api.idOf(`${files.folder}/a.xyz`)];
  await page.goto(`${app.server.url}/files/${folderId}?open=${id}`);
  await position(page, "1 of 2");
  await button(page, "Add star").waitFor();
  assert.equal(await button(page, "Share…").count(), 0);
  const names = await menuOf(page);
  for (const name of ["Share…", "Copy link", "Rename", "Move to…", "Move to trash"])
    assert.ok(!names.includes(name), name);
  assert.ok(names.includes("Copy to…"));
  await page.keyboard.press("Delete");
  await page.keyboard.press("ArrowRight");
  await position(page, "2 of 2");
  assert.deepEqual(await files.namesOnServer(), ["a.xyz", "b.xyz"]);
});

test("a visitor of a link can only download the file or show it full screen", async () => {
  await files.fill("a.xyz", "b.xyz");
  const { page } = app;
  await visit(page, (await makeLink(app, files.folder)).url);
  await filesPage(page).row("a.xyz").dblclick();
  await position(page, "1 of 2");
  assert.deepEqual(await menuOf(page), ["Download", "Full screen"]);
  const names = await page.getByRole("dialog").locator("header").getByRole("button").allInnerTexts();
  assert.equal(names.length, 3);
  assert.deepEqual(await axeProblems(page), []);
});

test("a visitor of an editor link can trash a shown file and undo that", async () => {
  await files.fill("a.xyz", "b.xyz");
  const { page } = app;
  await visit(page, (await makeLink(app, files.folder, { role: "editor" })).url);
  await filesPage(page).row("a.xyz").dblclick();
  await position(page, "1 of 2");
  await page.keyboard.press("Delete");
  await heading(page, "b.xyz");
  await page.getByRole("button", { name: "Undo" }).click();
  await position(page, "2 of 2");
});
