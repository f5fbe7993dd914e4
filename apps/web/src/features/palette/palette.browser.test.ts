import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { becomes, filesApp } from "../../testing/files-app.ts";
import { hasFocus, rowHasFocus } from "../../testing/focus.ts";

const drive = filesApp();
const { fill, openFolder, namesOnServer, selectedNames, shownNames } = drive;

longTest("typing > in the search lists commands for the selection, filters them, and Enter runs one", async () => {
  await fill("a.txt", "b.txt");
  const { page, files } = await openFolder();
  const field = page.getByRole("banner").getByRole("combobox");
  await files.row("a.txt").click();
  await page.keyboard.press("/");
  await page.keyboard.type(">");
  const list = page.getByRole("listbox", { name: "Commands" });
  await list.getByRole("option", { name: "Rename" }).waitFor();
  assert.equal(await list.getByRole("option", { name: "Empty trash…" }).count(), 0, "not here");
  assert.equal(await list.getByRole("option", { name: "Paste" }).count(), 0, "nothing was cut");
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.type("to");
  const first = list.getByRole("option").first();
  await first.and(page.getByRole("option", { selected: true })).waitFor();
  assert.equal(await field.getAttribute("aria-activedescendant"), await first.getAttribute("id"));
  await page.keyboard.type(" trash");
  await becomes(() => list.getByRole("option").allInnerTexts(), ["Move to trash\nDel"]);
  await page.keyboard.press("Enter");
  await becomes(() => namesOnServer(), ["b.txt"]);
  await list.waitFor({ state: "detached" });
  await rowHasFocus(page);
});

longTest("arrows move through the commands, Escape returns to the list, and places can be opened", async () => {
  await fill("a.txt");
  const { page, files } = await openFolder();
  await files.row("a.txt").click();
  await page.keyboard.press("/");
  await page.keyboard.type(">s");
  const selected = page.getByRole("option", { selected: true });
  await selected.waitFor();
  const first = await selected.innerText();
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await selected.innerText(), first);
  await page.keyboard.press("ArrowUp");
  assert.equal(await selected.innerText(), first);
  await page.keyboard.press("Escape");
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await becomes(selectedNames, ["a.txt"]);
  await rowHasFocus(page);
  await page.keyboard.press("/");
  await page.keyboard.type(">nothing of the kind");
  await page.getByText("No matching command.").waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(">recent");
  await page.getByRole("option", { name: "Recent", selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Recent" }).waitFor();
});

longTest("? shows the shortcuts of the current place", async () => {
  await fill("a.txt");
  const { page, files } = await openFolder();
  await files.row("a.txt").focus();
  // The pointer under the opening dialog must not take the tooltip from the focused element.
  await page.mouse.move(720, 450);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await dialog.getByText("Rename", { exact: true }).waitFor();
  for (const words of [
    "Move to trash",
    "Paste",
    "Undo",
    "Redo",
    "Parent folder",
    "Search files and folders",
    "Select all",
  ])
    assert.equal(await dialog.getByText(words, { exact: true }).count(), 1, words);
  assert.equal(await dialog.getByText("Restore", { exact: true }).count(), 0, "that is a key of the trash");
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.getByText("Close", { exact: true }).first().waitFor();
  await page.keyboard.press("Escape");
  // One Escape is enough, although a tooltip lies above.
  await dialog.waitFor({ state: "detached" });
  await rowHasFocus(page);
  await page.keyboard.press("/");
  await page.keyboard.type("why?");
  assert.equal(await page.getByRole("dialog").count(), 0, "who writes a question mark asks for nothing");
  await page.goto(new URL("/trash", page.url()).href);
  await page.getByRole("heading", { level: 1, name: "Trash" }).waitFor();
  await page.getByRole("grid").or(page.getByText("The trash is empty")).first().waitFor();
  await page.keyboard.press("?");
  await dialog.getByText("Restore", { exact: true }).waitFor();
  assert.equal(await dialog.getByText("Rename", { exact: true }).count(), 0);
});

longTest("a filter narrows the list while typing, unselects hidden rows, and limits Select all", async () => {
  await fill("report.txt", "Übung.txt", "other.txt", "reports/");
  const { page, files } = await openFolder();
  await files.row("other.txt").click();
  await page.keyboard.press("/");
  await page.keyboard.type(">filter");
  await page.getByRole("option", { name: "Filter this list…" }).waitFor();
  await page.keyboard.press("Enter");
  const field = page.getByRole("textbox", { name: "Filter this list" });
  await hasFocus(field);
  await page.keyboard.type("REP");
  await becomes(shownNames, ["reports", "report.txt"]);
  await page.getByText("2 of 4").waitFor();
  await page.getByRole("toolbar").getByText("1 selected").waitFor({ state: "hidden" });
  assert.deepEqual(await axeProblems(page), []);
  await field.fill("ubu");
  await becomes(shownNames, ["Übung.txt"]);
  await page.keyboard.press("Enter");
  await rowHasFocus(page);
  await page.keyboard.press("Control+a");
  await page.getByRole("toolbar").getByText("1 selected").waitFor();
  await field.fill("nothing of the kind");
  await page.getByText("No matches here. Press Esc to show everything.").waitFor();
  await page.keyboard.press("Escape");
  await becomes(shownNames, ["reports", "other.txt", "report.txt", "Übung.txt"]);
  await becomes(selectedNames, ["Übung.txt"]);
  await rowHasFocus(page);
  await page.keyboard.press("Delete");
  await becomes(() => namesOnServer(), ["reports", "other.txt", "report.txt"]);
});

test("results appear while typing, best first, and open by arrow keys; Enter alone lists all of them", async () => {
  const { api } = drive.app;
  await ok(api, "POST", "/metadata", { path: "/Invoices", kind: "folder" });
  await api.put("/Invoices/invoice march.txt", "42 EUR");
  await api.put("/old invoice.txt", "7 EUR");
  await fill("a.txt");
  const { page, files } = await openFolder();
  const field = page.getByRole("banner").getByRole("combobox");
  await page.keyboard.press("Control+k");
  await hasFocus(field);
  await page.keyboard.type("Invo");
  const options = page.getByRole("listbox", { name: "Results" }).getByRole("option");
  const shown = async () => (await options.allInnerTexts()).map((text) => text.split("\n")[0] ?? "");
  await becomes(shown, ["Invoices", "invoice march.txt", "old invoice.txt", "All results for “Invo”"]);
  assert.deepEqual(await axeProblems(page), []);
  assert.equal(await options.nth(1).locator("b").innerText(), "invo");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const preview = page.getByRole("dialog", { name: "invoice march.txt" });
  await preview.waitFor();
  await page.keyboard.press("Escape");
  await preview.waitFor({ state: "detached" });
  await files.seen("invoice march.txt");

  await field.fill("invoice");
  await field.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Search: invoice" }).waitFor();
  await options.first().waitFor({ state: "detached" });
  await field.fill("invoices");
  await becomes(shown, ["Invoices", "All results for “invoices”"]);
  await options.first().click();
  await files.seen("invoice march.txt");
  await page.getByRole("heading", { level: 1, name: "Invoices" }).waitFor();
});

longTest("search filters are chosen by keyboard, appear in the URL, and Back removes them", async () => {
  await fill("trip.mp3", "trip.txt", "inner/");
  await drive.app.api.put(`${drive.folder}/inner/trip inside.mp3`, "a song");
  await drive.app.api.put("/trip away.mp3", "a song");
  const { page } = await openFolder();
  const field = page.getByRole("banner").getByRole("combobox");
  await field.fill("trip");
  await field.press("Enter");
  await becomes(shownNames, ["trip.txt", "trip.mp3", "trip away.mp3", "trip inside.mp3"]);
  const filters = page.getByRole("group", { name: "Filters" });
  const type = filters.getByRole("button", { name: "Type" });
  await type.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitemradio", { name: "Audio" }).focus();
  await page.keyboard.press("Enter");
  await becomes(shownNames, ["trip.mp3", "trip away.mp3", "trip inside.mp3"]);
  await hasFocus(filters.getByRole("button", { name: "Type: Audio" }));
  assert.deepEqual(await axeProblems(page), []);
  await filters.getByRole("button", { name: `In “${drive.folder.slice(1)}”` }).click();
  await becomes(shownNames, ["trip.mp3", "trip inside.mp3"]);
  assert.equal(new URL(page.url()).searchParams.get("type"), "audio");
  await field.fill("inside");
  await field.press("Enter");
  await becomes(shownNames, ["trip inside.mp3"]);
  await page.goBack();
  await page.goBack();
  await becomes(shownNames, ["trip.mp3", "trip away.mp3", "trip inside.mp3"]);
  await filters.getByRole("button", { name: "Modified" }).click();
  await page.getByRole("menuitemradio", { name: "Last year" }).click();
  await page.getByText("No files match your search and its filters.").waitFor();
  await filters.getByRole("button", { name: "People" }).click();
  await page.getByRole("menuitemradio", { name: "Not owned by me" }).click();
  await page.waitForURL(/owner=others/);
  await filters.getByRole("button", { name: "Clear filters" }).click();
  await becomes(shownNames, ["trip.txt", "trip.mp3", "trip away.mp3", "trip inside.mp3"]);
});
