import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../../testing/axe.ts";
import { becomes, filesApp, isShown } from "../../../testing/files-app.ts";
import { hasFocus, rowHasFocus } from "../../../testing/focus.ts";

const drive = filesApp();
const { app, fill, openFolder, namesOnServer, shownNames, selectedNames } = drive;

test("a folder lists its rows in natural order, opens subfolders, and returns by its path", async () => {
  await fill("a10.txt", "a9.txt", "Photos/", "Photos/deep/", "Photos/one.txt", "Photos/deep/two.txt");
  const { page, files } = await openFolder();
  await becomes(shownNames, ["Photos", "a9.txt", "a10.txt"]);
  await files.row("Photos").dblclick();
  await files.row("deep").dblclick();
  await files.seen("two.txt");
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Photos" }).click();
  await files.seen("one.txt");
  await isShown(page, "Photos");
  await page.goBack();
  await files.seen("two.txt");
});

longTest("a click selects, Ctrl adds, Shift selects a range, and the toolbar shows the count", async () => {
  await fill("1.txt", "2.txt", "3.txt", "4.txt");
  const { page, files } = await openFolder();
  await files.row("1.txt").click();
  await files.row("3.txt").click({ modifiers: ["Control"] });
  await page.getByRole("toolbar").getByText("2 selected").waitFor();
  await files.row("4.txt").click({ modifiers: ["Shift"] });
  await becomes(selectedNames, ["3.txt", "4.txt"]);
  await page.keyboard.press("Escape");
  await page.getByRole("toolbar").waitFor({ state: "detached" });
});

longTest("a row focused by Tab is selected by Space and opened by Enter", async () => {
  await fill("a.txt", "to/");
  const { page, files } = await openFolder();
  await becomes(shownNames, ["to", "a.txt"]);
  await files.row("to").focus();
  await page.keyboard.press("Space");
  await becomes(selectedNames, ["to"]);
  await page.keyboard.press("Space");
  await becomes(selectedNames, []);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "to", exact: true }).waitFor();
});

longTest("the keyboard can rename, undo, redo, cut and paste into a folder, trash, and undo that", async () => {
  await fill("a.txt", "b.txt", "to/");
  const { page, files } = await openFolder();
  // The server finishes before the page can undo.
  const isTold = (text: string) => page.getByRole("region", { name: "Messages" }).getByText(text, { exact: true });
  await becomes(shownNames, ["to", "a.txt", "b.txt"]);
  await files.row("to").focus();
  await page.keyboard.press("End");
  await becomes(selectedNames, ["b.txt"]);
  await page.keyboard.press("F2");
  await hasFocus(page.getByRole("textbox", { name: "New name" }));
  await page.keyboard.type("bee");
  await page.keyboard.press("Enter");
  await becomes(() => namesOnServer(), ["to", "a.txt", "bee.txt"]);
  await isTold("Renamed to bee.txt").waitFor();
  await hasFocus(files.row("bee.txt"));
  await page.keyboard.press("Control+z");
  await becomes(() => namesOnServer(), ["to", "a.txt", "b.txt"]);
  await isTold("Undone").waitFor();
  await page.keyboard.press("Control+Shift+Z");
  await becomes(() => namesOnServer(), ["to", "a.txt", "bee.txt"]);
  await files.seen("bee.txt");
  await page.keyboard.press("Control+x");
  await page.keyboard.press("Home");
  await becomes(selectedNames, ["to"]);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "to", exact: true }).waitFor();
  await hasFocus(page.getByRole("group", { name: /^Nothing here yet/ }));
  await page.keyboard.press("Control+v");
  await files.seen("bee.txt");
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["bee.txt"]);
  await rowHasFocus(page);
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByRole("heading", { name: drive.folder.slice(1) }).waitFor();
  await files.seen("a.txt");
  await rowHasFocus(page);
  await page.keyboard.press("a");
  await becomes(selectedNames, ["a.txt"]);
  await page.keyboard.press("Delete");
  await becomes(() => namesOnServer(), ["to"]);
  await isTold("1 item moved to trash").waitFor();
  await page.keyboard.press("Control+z");
  await files.seen("a.txt");
  await becomes(() => namesOnServer(), ["to", "a.txt"]);
});

test("dragging moves all selected items into a folder, and the toast's Undo moves them back", async () => {
  await fill("a.txt", "b.txt", "c.txt", "to/");
  const { page, files } = await openFolder();
  await files.row("a.txt").click();
  await files.row("b.txt").click({ modifiers: ["Shift"] });
  const [from, to] = [await files.row("b.txt").boundingBox(), await files.row("to").boundingBox()];
  assert.ok(from !== null && to !== null);
  await page.mouse.move(from.x + 80, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 90, from.y + 4, { steps: 3 });
  await page.getByText("2 items").waitFor();
  // A folder opens if the pointer stays over it.
  await page.mouse.move(to.x + 90, to.y + 12);
  await page.mouse.up();
  // Hovering keeps the toast.
  await page.getByRole("button", { name: "Undo" }).hover();
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["a.txt", "b.txt"]);
  await becomes(shownNames, ["to", "c.txt"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await becomes(() => namesOnServer(), ["to", "a.txt", "b.txt", "c.txt"]);
  await becomes(shownNames, ["to", "a.txt", "b.txt", "c.txt"]);
});

test("a name clash leads to a question, and both files are kept", async () => {
  await fill("a.txt", "to/", "to/a.txt");
  const { page, files } = await openFolder();
  await files.row("a.txt").click();
  await page.keyboard.press("Control+x");
  await files.row("to").dblclick();
  await isShown(page, "to");
  // The file already in the folder, not the one that was cut.
  await becomes(shownNames, ["a.txt"]);
  await files.row("a.txt").focus();
  await page.keyboard.press("Control+v");
  await page.getByRole("dialog").getByRole("button", { name: "Continue" }).click();
  await becomes(() => namesOnServer(`${drive.folder}/to`), ["a (2).txt", "a.txt"]);
});

longTest("by keyboard, Move to… finds a folder by name and lists it as recent the next time", async () => {
  await fill("a.txt", "b.txt", "deep/", "deep/Invoices/", "deep/Invoices/old.txt");
  const { page, files } = await openFolder();
  const openDialog = async (name: string) => {
    await files.row(name).focus();
    await page.keyboard.press("Shift+F10");
    await hasFocus(page.getByRole("menu"));
    await page.keyboard.press("m");
    await hasFocus(page.getByRole("menuitem", { name: "Move to…" }));
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: `Move “${name}”` });
    await hasFocus(dialog.getByRole("combobox", { name: "Search folders" }));
    return dialog;
  };
  const toInvoices = page.getByRole("button", { name: "Move to Invoices", disabled: false });
  const dialog = await openDialog("a.txt");
  await dialog.getByText("“a.txt” is already in this folder.").waitFor();
  await dialog.getByRole("button", { name: `Move to ${drive.folder.slice(1)}`, disabled: true }).waitFor();
  await page.keyboard.type("invo");
  const found = dialog.getByRole("option", { name: /Invoices.*deep/, selected: true });
  await found.waitFor();
  await page.keyboard.press("Escape");
  await found.waitFor({ state: "detached" });
  assert.equal(await dialog.getByRole("combobox").inputValue(), "");
  await page.keyboard.type("invo");
  await found.waitFor();
  await page.keyboard.press("Enter");
  await toInvoices.waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Messages" }).getByText("a.txt moved to Invoices").waitFor();
  await becomes(() => namesOnServer(`${drive.folder}/deep/Invoices`), ["a.txt", "old.txt"]);
  await dialog.waitFor({ state: "detached" });
  const again = await openDialog("b.txt");
  await again
    .getByRole("group", { name: "Recent" })
    .getByRole("option", { name: /Invoices/ })
    .waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await toInvoices.waitFor();
  await page.keyboard.press("Enter");
  await becomes(() => namesOnServer(`${drive.folder}/deep/Invoices`), ["a.txt", "b.txt", "old.txt"]);
});

longTest("Move to… can create a folder, and moves no folder into itself", async () => {
  await fill("Papers/", "Papers/Drafts of papers/", "other/", "x.txt");
  const { page, files } = await openFolder();
  await files.row("Papers").click();
  await files.row("x.txt").click({ modifiers: ["Control"] });
  await files.row("x.txt").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Move to…" }).click();
  const dialog = page.getByRole("dialog", { name: "Move 2 items" });
  await dialog.getByRole("option", { name: /Papers A folder cannot be moved into itself\./, disabled: true }).waitFor();
  await page.keyboard.type("papers");
  await dialog.getByText("No folder that you can add to matches your search.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "New folder" }).click();
  await hasFocus(dialog.getByRole("textbox", { name: "Name of the new folder" }));
  await page.keyboard.type("other");
  await dialog.getByRole("alert").getByText("This name already exists").waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.type(" place");
  await page.keyboard.press("Enter");
  const toMade = dialog.getByRole("button", { name: "Move to other place", disabled: false });
  await toMade.waitFor();
  // A click on the message leaves the dialog open.
  await page.locator("[data-toast] button").last().click();
  await page.locator("[data-toast]").waitFor({ state: "detached" });
  await toMade.click();
  await page.getByRole("region", { name: "Messages" }).getByText("2 items moved to other place").waitFor();
  await becomes(() => namesOnServer(`${drive.folder}/other place`), ["Papers", "x.txt"]);
  await becomes(shownNames, ["other", "other place"]);
});

longTest(
  "Move to… stays in its folder if New folder is canceled or undone, and Escape closes it while it loads",
  async () => {
    await fill("stays.txt");
    const { page, files } = await openFolder();
    const openDialog = async (act: string) => {
      await files.row("stays.txt").click({ button: "right" });
      if (act === "Copy to…") await files.pickMore(act);
      else await page.getByRole("menuitem", { name: act }).click();
      return page.getByRole("dialog");
    };
    const dialog = await openDialog("Move to…");
    const toHere = dialog.getByRole("button", { name: `Move to ${drive.folder.slice(1)}`, disabled: true });
    const name = dialog.getByRole("textbox", { name: "Name of the new folder" });
    const told = (text: string) => page.locator("[data-toast]", { hasText: text });
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const changes = ({ pathname }: URL) => pathname === "/api/v1/sync/delta";
    await page.route(changes, (route) => released.then(() => route.continue()));
    await dialog.getByRole("button", { name: "New folder" }).click();
    await hasFocus(name);
    await page.keyboard.type("slow");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await name.waitFor({ state: "detached" });
    await dialog.getByText("No folders here.").waitFor();
    release();
    await told("slow created").waitFor();
    await dialog.getByRole("option", { name: "slow" }).waitFor();
    await toHere.waitFor();
    await page.unroute(changes);
    await dialog.getByRole("button", { name: "New folder" }).click();
    await hasFocus(name);
    await page.keyboard.type("undone");
    await page.keyboard.press("Enter");
    await dialog.getByRole("button", { name: "Move to undone", disabled: false }).waitFor();
    // With two messages, the click removes one, and leaves the dialog open.
    await told("undone created").getByRole("button", { name: "Undo" }).click();
    await dialog.getByText("This folder no longer exists.").waitFor();
    await dialog.getByRole("button", { name: "Move to undone", disabled: true }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.route("**/api/v1/files/root", () => {});
    await app.open("/recent");
    await files.seen("stays.txt");
    await openDialog("Copy to…");
    await hasFocus(dialog.getByRole("combobox", { name: "Search folders", expanded: false }));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  },
);

test("changes by another device show without disturbing selection and focus", async () => {
  await fill("b.txt", "c.txt");
  const { page, files } = await openFolder();
  await files.row("b.txt").click();
  await app.api.put(`${drive.folder}/a.txt`, "from elsewhere");
  await files.seen("a.txt");
  assert.deepEqual(await selectedNames(), ["b.txt"]);
  assert.equal(await page.evaluate("document.activeElement.innerText.split('\\n')[0]"), "b.txt");
  await ok(app.api, "DELETE", `/files/${await app.api.idOf(`${drive.folder}/b.txt`)}`);
  await files.row("b.txt").waitFor({ state: "detached" });
  await files.seen("c.txt");
});

longTest("New folder creates a folder and starts its rename", async () => {
  await fill("a.txt");
  const { page, files } = await openFolder();
  await page.getByRole("button", { name: "New" }).first().click();
  await page.getByRole("menuitem", { name: "New folder" }).click();
  await hasFocus(page.getByRole("textbox", { name: "New name" }));
  await page.keyboard.type("Holiday");
  await page.keyboard.press("Enter");
  await files.seen("Holiday");
  await becomes(() => namesOnServer(), ["Holiday", "a.txt"]);
});

async function assertUsable(view: "list" | "tiles"): Promise<void> {
  await fill("a.txt", "b.odt", "Photos/");
  const { page, files } = await openFolder();
  if (view === "tiles") await files.showAs("Grid view");
  assert.deepEqual(await axeProblems(page), []);
  await files.row("a.txt").click();
  await page.getByRole("toolbar").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await files.row("a.txt").click({ button: "right" });
  await page.getByRole("menu").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=menu]" }), []);
}

test("axe finds nothing in the list, with a selection and with a menu", () => assertUsable("list"));

longTest("axe finds nothing in the tiles, with a selection and with a menu", () => assertUsable("tiles"));

longTest("a right click on an unselected row acts on that row instead of the selection", async () => {
  await fill("a.txt", "b.txt");
  const { page, files } = await openFolder();
  // High enough for the menu, but not below the row.
  await page.setViewportSize({ width: 1280, height: 640 });
  await files.row("a.txt").click();
  await page.getByRole("toolbar").waitFor();
  // A single task, so that nothing renders in between.
  await files.row("b.txt").evaluate((row) => {
    const { left, top } = row.getBoundingClientRect();
    const at = { bubbles: true, cancelable: true, button: 2, clientX: left + 60, clientY: top + 10 };
    row.dispatchEvent(new PointerEvent("contextmenu", { ...at, pointerType: "mouse" }));
  });
  const menu = page.getByRole("menu", { name: "b.txt" });
  await menu.waitFor();
  assert.ok(await menu.evaluate(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight), "all of it is seen");
  await page.getByRole("menuitem", { name: "Move to trash" }).click();
  await becomes(() => namesOnServer(), ["a.txt"]);
});
