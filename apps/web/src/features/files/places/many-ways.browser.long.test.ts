import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../../testing/axe.ts";
import { drawPicture } from "../../../testing/draw-picture.ts";
import { becomes, filesApp } from "../../../testing/files-app.ts";
import { hasFocus, rowHasFocus } from "../../../testing/focus.ts";
import { filesPage } from "../../../testing/files-page.ts";

const drive = filesApp();
const { app, fill, openFolder, selectedNames, shownNames } = drive;

test("a folder of pictures opens as tiles, and each place remembers its view", async () => {
  await fill("text.txt", "holiday/", "notes/", "notes/a.txt");
  for (const name of ["1.png", "2.png", "3.png", "4.png"])
    await app.api.put(`${drive.folder}/holiday/${name}`, drawPicture(40, 30));
  const { page, files } = await openFolder();
  const view = (name: "Grid view" | "List view") => page.getByRole("button", { name });
  const go = async (path: string, shown: string) => {
    await app.open(`/files/${await app.api.idOf(drive.folder + path)}`);
    await files.seen(shown);
  };
  await view("List view").waitFor();
  await go("/holiday", "1.png");
  await view("Grid view").waitFor();
  await files.showAs("List view");
  await go("/notes", "a.txt");
  await files.showAs("Grid view");
  await go("/holiday", "1.png");
  await view("List view").waitFor();
  await go("/notes", "a.txt");
  await view("Grid view").waitFor();
});

test("right-to-left layout mirrors the path, the tiles and the arrows, but not the names", async () => {
  await fill("a.txt", "b.txt", "עברית.txt", "in/", "in/x.txt");
  const { page, files } = await openFolder();
  await page.evaluate(() => localStorage.setItem("holdfast.preferences", JSON.stringify({ direction: "rtl" })));
  await page.reload();
  await files.seen("a.txt");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).direction), "rtl");
  const [name, menu] = [await files.row("a.txt").getByRole("link").boundingBox(), await menuBox("a.txt")];
  assert.ok(name !== null && name.x > menu.x, "a name stands on the right, its menu on the left");
  assert.equal(await page.getByRole("row").getByRole("link").locator("bdi").count(), 4);
  await files.row("a.txt").click();
  await page.keyboard.press("ArrowLeft");
  await hasFocus(page.getByLabel("Select a.txt"));
  await page.keyboard.press("ArrowRight");
  await rowHasFocus(page);
  await page.getByRole("button", { name: "Clear selection" }).click();
  await files.showAs("Grid view");
  await files.row("a.txt").click();
  const [one, next] = [await files.row("a.txt").boundingBox(), await files.row("b.txt").boundingBox()];
  assert.ok(one !== null && next !== null && next.x < one.x, "the next tile is on the left");
  await page.keyboard.press("ArrowLeft");
  await becomes(selectedNames, ["b.txt"]);
  await page.keyboard.press("ArrowRight");
  await becomes(selectedNames, ["a.txt"]);
  assert.deepEqual(await axeProblems(page), []);

  async function menuBox(of: string) {
    const box = await files
      .row(of)
      .getByRole("button", { name: `More actions for ${of}` })
      .boundingBox();
    assert.ok(box !== null);
    return box;
  }
});

test("one of two tabs polls, both show changes, and the other takes over when the first closes", async () => {
  await fill("a.txt");
  const isPoll = /\/notifications\/poll/;
  const polled = app.page.waitForRequest(isPoll);
  const { page, files } = await openFolder();
  await polled;
  const other = await page.context().newPage();
  let otherPolls = 0;
  other.on("request", (request) => void (otherPolls += isPoll.test(request.url()) ? 1 : 0));
  await other.goto(page.url());
  await filesPage(other).seen("a.txt");
  await app.api.put(`${drive.folder}/b.txt`, "from elsewhere");
  await Promise.all([files.seen("b.txt"), filesPage(other).seen("b.txt")]);
  assert.equal(otherPolls, 0, "the second tab asks as well");
  const takenOver = other.waitForRequest(isPoll);
  await page.close();
  await app.api.put(`${drive.folder}/c.txt`, "from elsewhere");
  await filesPage(other).seen("c.txt");
  await takenOver;
});

test("a banner appears and the list stays while the server is stopped; changes resume once it is back", async () => {
  app.expectComplaint(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|50[23]/);
  await fill("a.txt");
  const { page, files } = await openFolder();
  await files.seen("a.txt");
  await app.whileStopped(async () => {
    await page.getByRole("status").filter({ hasText: "The server cannot be reached. Your files are safe." }).waitFor();
    assert.deepEqual(await shownNames(), ["a.txt"]);
    assert.deepEqual(await axeProblems(page), []);
    // The page may reconnect before the click.
    const tried = page.waitForRequest(/\/api\/v1\//);
    await page.getByRole("button", { name: "Try now" }).click();
    await tried;
  });
  await page.getByText("The server cannot be reached. Your files are safe.").waitFor({ state: "detached" });
  await app.api.put(`${drive.folder}/b.txt`, "after it");
  await files.seen("b.txt");
});

test("a banner shows that the browser is offline, and disappears when the network is back", async () => {
  app.expectComplaint(/ERR_INTERNET_DISCONNECTED/);
  await fill("a.txt");
  const { page } = await openFolder();
  await page.context().setOffline(true);
  await page.getByRole("status").filter({ hasText: "You are offline" }).waitFor();
  await page.context().setOffline(false);
  await page.getByText("You are offline").waitFor({ state: "detached" });
});

test("an outline shows selection, focus and drop target with forced colors", async () => {
  await fill("a.txt", "to/");
  const { page, files } = await openFolder();
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await files.row("a.txt").click();
  const outlineOf = (name: string) => files.row(name).evaluate((row) => getComputedStyle(row).outlineStyle);
  assert.notEqual(await outlineOf("a.txt"), "none");
  assert.equal(await outlineOf("to"), "none");
  const box = await files.row("a.txt").boundingBox();
  const target = await files.row("to").boundingBox();
  assert.ok(box !== null && target !== null);
  await page.mouse.move(box.x + 80, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 92, box.y + 14, { steps: 3 });
  await page.mouse.move(target.x + 90, target.y + 12);
  await eventually("where a drop goes is seen", 30_000, async () => (await outlineOf("to")) !== "none" || undefined);
  await page.keyboard.press("Escape");
  await page.mouse.up();
});

test("the list with a selection, a menu and a dialog fits a screen of 320 px", async () => {
  await fill("a name that is rather long for a screen as small as this.txt", "to/");
  const { page, files } = await openFolder();
  await page.setViewportSize({ width: 320, height: 640 });
  await files.row("to").click();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  for (const button of await page.getByRole("toolbar").getByRole("button").all()) {
    const box = await button.boundingBox();
    if (box !== null)
      assert.ok(box.x >= 0 && box.x + box.width <= 320, (await button.getAttribute("aria-label")) ?? "");
  }
  await page.getByRole("toolbar").getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menu").waitFor();
  await inside(page.getByRole("menu"));
  await page.getByRole("menuitem", { name: "Move to…" }).click();
  await inside(page.getByRole("dialog"));
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);

  async function inside(element: ReturnType<typeof page.getByRole>) {
    const box = await element.boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
  }
});
