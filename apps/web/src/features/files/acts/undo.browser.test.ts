import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { becomes, filesApp } from "../../../testing/files-app.ts";
import { hasFocus } from "../../../testing/focus.ts";
import { longTest } from "@holdfast/tools/tiers";

const drive = filesApp();
const { app, fill, openFolder, shownNames, selectedNames } = drive;

const starOf = (name: string) =>
  app.page.getByRole("row").filter({ hasText: name }).getByRole("img", { name: "Starred" });
const starOnServer = async (name: string) =>
  ok(app.api, "PUT", `/files/${await app.api.idOf(`${drive.folder}/${name}`)}/star`);

test("undoing a deletion restores stars, order, selection and focus", async () => {
  await fill("a.txt", "b.txt", "c.txt", "d.txt");
  await starOnServer("b.txt");
  const { page, files } = await openFolder();
  await page.goto(`${page.url()}?sort=-natural`);
  await becomes(shownNames, ["d.txt", "c.txt", "b.txt", "a.txt"]);
  await files.row("b.txt").click();
  await files.row("c.txt").click({ modifiers: ["Control"] });
  await page.keyboard.press("Delete");
  await becomes(shownNames, ["d.txt", "a.txt"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await becomes(shownNames, ["d.txt", "c.txt", "b.txt", "a.txt"]);
  await becomes(selectedNames, ["c.txt", "b.txt"]);
  await hasFocus(files.row("c.txt"));
  await starOf("b.txt").waitFor();
  assert.equal(await starOf("c.txt").count(), 0);
});

longTest("a starred file restored from the trash has its star in its folder", async () => {
  await fill("a.txt", "b.txt");
  await starOnServer("a.txt");
  const { page, files } = await openFolder();
  await files.row("a.txt").click();
  await page.keyboard.press("Delete");
  await becomes(shownNames, ["b.txt"]);
  await page.getByRole("link", { name: "Trash" }).click();
  await files.seen("a.txt");
  await files.row("a.txt").click();
  await page.keyboard.press("Enter");
  await page.getByText("1 item restored").waitFor();
  await page.goBack();
  await becomes(shownNames, ["a.txt", "b.txt"]);
  await starOf("a.txt").waitFor();
});

longTest("undoing a removed star returns the row to the list of starred items", async () => {
  await fill("first.txt", "second.txt");
  await starOnServer("first.txt");
  await starOnServer("second.txt");
  const { page, files } = await openFolder();
  await page.getByRole("link", { name: "Starred" }).click();
  const own = async () => (await shownNames()).filter((name) => ["first.txt", "second.txt"].includes(name));
  await becomes(own, ["second.txt", "first.txt"]);
  await files.row("first.txt").click();
  await page.getByRole("button", { name: "Remove star" }).click();
  await becomes(own, ["second.txt"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await becomes(selectedNames, ["first.txt"]);
  await hasFocus(files.row("first.txt"));
});
