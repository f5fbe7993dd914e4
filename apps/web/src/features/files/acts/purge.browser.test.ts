import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../../testing/axe.ts";
import { filesApp } from "../../../testing/files-app.ts";
import { longTest } from "@holdfast/tools/tiers";

const own = filesApp();
const { app, fill } = own;

async function discard(name: string): Promise<string> {
  const id = await app.api.idOf(`${own.folder}/${name}`);
  await ok(app.api, "DELETE", `/files/${id}`);
  return id;
}

const statusOf = async (id: string) => (await app.api.call("GET", `/files/${id}`)).status;

/** Found by its checkbox, because rows also contain the name of a former folder. */
const row = (name: string) =>
  app.page.getByRole("row").filter({ has: app.page.getByRole("checkbox", { name: `Select ${name}`, exact: true }) });

async function askToPurge(name: string) {
  const { page } = app;
  await row(name).click({ button: "right" });
  await page.getByRole("menuitem", { name: "Delete permanently…" }).click();
  return page.getByRole("dialog");
}

longTest(
  "deleting a folder permanently announces how many of its trashed items will be deleted, and deletes them",
  async () => {
    await fill("Album/Deep/", "Album/Deep/one.txt", "Album/two.txt", "Album/three.txt", "other.txt");
    const inner = [await discard("Album/Deep/one.txt"), await discard("Album/two.txt")];
    const [album, other] = [await discard("Album"), await discard("other.txt")];
    await app.signIn();
    await app.open("/trash");
    const dialog = await askToPurge("Album");
    await dialog.getByText("2 items that were moved to the trash from inside it earlier are deleted too.").waitFor();
    assert.deepEqual(await axeProblems(app.page), []);
    await dialog.getByRole("button", { name: "Delete permanently" }).click();
    await app.page.getByText("3 items permanently deleted").first().waitFor();
    await row("one.txt").waitFor({ state: "detached" });
    for (const id of [album, ...inner]) assert.equal(await statusOf(id), 404);
    await (await askToPurge("other.txt")).getByText("All versions are deleted too. This cannot be undone.").waitFor();
    assert.equal(await statusOf(other), 200);
  },
);

longTest("the question announces more than 1,000 trashed items, or possible ones if the count fails", async () => {
  await fill("Photos/", "Photos/five.txt");
  await discard("Photos/five.txt");
  const folder = await discard("Photos");
  await app.signIn();
  const { page } = app;
  const list = await ok(app.api, "GET", `/trash?in=${folder}`);
  const items = Array.from({ length: 1010 }, (_, index) => {
    return { ...list.items[0], id: folder.slice(0, -4) + index.toString(16).padStart(4, "0") };
  });
  let answer: object | undefined = { ...list, items, next_cursor: "more" };
  const isOfFolder = ({ pathname, searchParams }: URL) =>
    pathname === "/api/v1/trash" && searchParams.get("in") === folder;
  await page.route(isOfFolder, (route) =>
    answer === undefined ? route.fulfill({ status: 404, json: {} }) : route.fulfill({ json: answer }),
  );
  await app.open("/trash");
  const dialog = await askToPurge("Photos");
  await dialog.getByText("More than 1,000 items").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  answer = undefined;
  app.expectComplaint(/status of 404/);
  await (await askToPurge("Photos")).getByText("Items that were moved to the trash").waitFor();
});

longTest("a folder and an item trashed from it are deleted permanently together, without an error", async () => {
  await fill("Pair/", "Pair/four.txt");
  const [inner, folder] = [await discard("Pair/four.txt"), await discard("Pair")];
  await app.signIn();
  const { page } = app;
  await app.open("/trash");
  await row("four.txt").click();
  await row("Pair").click({ modifiers: ["Control"] });
  app.expectComplaint(/status of 404/);
  await page.keyboard.press("Delete");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Permanently delete 2 items?").waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page.getByText("2 items permanently deleted").first().waitFor();
  const areGone = async () => (await Promise.all([inner, folder].map(statusOf))).every((status) => status === 404);
  await eventually("both gone", 60_000, async () => ((await areGone()) ? true : undefined));
});

test("emptying the trash leaves items that arrived while the question was open", async () => {
  await fill("seen.txt", "thesis.txt");
  const seen = await discard("seen.txt");
  await app.signIn();
  const { page } = app;
  await app.open("/trash");
  await row("seen.txt").waitFor();
  await page.getByRole("button", { name: "Empty trash…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Everything in this list is permanently deleted").waitFor();
  const thesis = await discard("thesis.txt");
  await page.locator("[role=row]", { hasText: "thesis.txt" }).waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page
    .getByText(/permanently deleted$/)
    .first()
    .waitFor();
  assert.deepEqual([await statusOf(seen), await statusOf(thesis)], [404, 200]);
});

test("a folder restored, filled and trashed again while the question is open is not deleted permanently", async () => {
  await fill("Again/");
  const folder = await discard("Again");
  await app.signIn();
  await app.open("/trash");
  const dialog = await askToPurge("Again");
  await dialog.getByText("All versions are deleted too.").waitFor();
  await ok(app.api, "POST", `/trash/${folder}/restore`);
  await fill("Again/unseen.txt");
  await discard("Again");
  app.expectComplaint(/status of 409/);
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await statusOf(folder), 200);
});
