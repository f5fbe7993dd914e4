import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { frameHasFocus, hasFocus } from "../../testing/focus.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();
const contentOf = async (id: string) => String((await app.api.call("GET", `/files/${id}/download`)).body);
const field = () => app.page.getByRole("textbox", { name: /^Text of/ });

/** A key press takes effect with a delay. */
const fieldHas = (text: string) =>
  eventually("the text of the field", 30_000, async () => (await field().inputValue()) === text || undefined).catch(
    async () => assert.equal(await field().inputValue(), text),
  );

async function openText(path: string, text: string): Promise<string> {
  assert.equal((await app.api.put(path, text)).status, 201);
  const id = await app.api.idOf(path);
  // An open page would poll with the session that the new sign-in replaces.
  await app.page.goto("about:blank");
  await app.signIn();
  await app.open(`/edit/${id}`);
  await field().waitFor();
  return id;
}

test("Ctrl+S saves the text as a version", async () => {
  const id = await openText("/todo.md", "- milk\n");
  await field().fill("- milk\n- bread\n");
  await field().press("Control+s");
  await app.page.getByText("Saved", { exact: true }).first().waitFor();
  assert.equal(await contentOf(id), "- milk\n- bread\n");
  assert.deepEqual(await axeProblems(app.page), []);
});

test("a concurrent save is merged, and the user chooses where both changed a line, without losing words", async () => {
  const id = await openText("/minutes.txt", "title\n\none\ntwo\nthree\nfour\n");
  await app.api.put("/minutes.txt", "Title by them\n\none\ntwo\nthree\ntheir four\n", "&on_conflict=replace");
  await field().fill("title\n\nmy one\ntwo\nthree\nmy four\n");
  await app.page.getByRole("button", { name: "Save" }).click();
  const dialog = app.page.getByRole("dialog", { name: "Saved elsewhere" });
  await dialog.getByText("1 conflict. Choose what to keep").waitFor();
  assert.deepEqual(await axeProblems(app.page), []);
  await dialog.getByLabel("Both, mine first").check();
  await dialog.getByRole("button", { name: "Use merged text" }).click();
  const merged = "Title by them\n\nmy one\ntwo\nthree\nmy four\ntheir four\n";
  await fieldHas(merged);
  await app.page.getByRole("button", { name: "Save" }).click();
  await eventually("it is saved", 30_000, async () => ((await contentOf(id)) === merged ? true : undefined));
  app.expectComplaint(/409/);
});

test("unsaved text is offered after a reload, and leaving asks first", async () => {
  await openText("/draft.txt", "begun\n");
  const { page } = app;
  await field().fill("begun\nand gone on\n");
  await eventually("the draft is kept", 30_000, () =>
    page.evaluate(() => Object.keys(localStorage).find((key) => key.startsWith("holdfast-draft "))),
  );
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByRole("button", { name: "Restore" }).click();
  await fieldHas("begun\nand gone on\n");
});

longTest("on a phone, Back closes the menu over unsaved text, and asks only without a menu", async () => {
  const { page } = app;
  const id = await openText("/phone.txt", "begun\n");
  await app.open(`/files?open=${id}`);
  await page.getByRole("link", { name: "Edit" }).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await field().fill("begun\nand gone on\n");
  await page.getByRole("button", { name: "More" }).click();
  const menu = page.getByRole("dialog", { name: "More" });
  await menu.waitFor();
  const leave = page.getByRole("dialog", { name: "Leave without saving?" });
  await page.goBack();
  await menu.waitFor({ state: "detached" });
  assert.equal(await leave.count(), 0);
  await page.goBack();
  await leave.getByRole("button", { name: "Stay" }).click();
  await fieldHas("begun\nand gone on\n");
});

longTest("a binary file cannot be edited", async () => {
  await app.api.put("/bytes.txt", Buffer.from([0x66, 0xff, 0xfe]));
  await app.signIn();
  await app.open(`/files`);
  await app.page.goto(`${app.server.url}/edit/${await app.api.idOf("/bytes.txt")}`);
  await app.page.getByText("This is not a text file, so it cannot be edited here.").waitFor();
});

test("a draft older than another user's save is merged with it and overwrites nothing", async () => {
  const id = await openText("/shared.txt", "one\ntwo\nthree\n");
  const { page } = app;
  await field().fill("my one\ntwo\nthree\n");
  await eventually("the draft is kept", 30_000, () =>
    page.evaluate(() => Object.keys(localStorage).find((key) => key.startsWith("holdfast-draft "))),
  );
  await app.api.put("/shared.txt", "one\ntwo\ntheir three\n", "&on_conflict=replace");
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByRole("button", { name: "Restore" }).waitFor();
  assert.equal(await field().isEditable(), false, "it is chosen first");
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Saved elsewhere" });
  await dialog.getByRole("button", { name: "Use merged text" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  const merged = "my one\ntwo\ntheir three\n";
  await eventually("it is saved", 30_000, async () => ((await contentOf(id)) === merged ? true : undefined));
  app.expectComplaint(/409/);
});

longTest("text that cannot be merged with another user's version is saved as a new file", async () => {
  const id = await openText("/mix.txt", "one\ntwo\n");
  const { page } = app;
  await field().fill("one\nmy two\n");
  await app.api.put("/mix.txt", "one\r\ntwo\nthree\n", "&on_conflict=replace");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("The version that was saved elsewhere cannot be merged with your text.").waitFor();
  await page.getByRole("button", { name: "Save as a new file" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/edit/") && !url.pathname.endsWith(id));
  await fieldHas("one\nmy two\n");
  assert.equal(await contentOf(id), "one\r\ntwo\nthree\n");
  app.expectComplaint(/409/);
});

longTest("a tab does not drop another tab's unsaved text of the same file", async () => {
  const id = await openText("/tabs.txt", "one\n");
  const { page } = app;
  const drafts = () =>
    page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith("holdfast-draft ")));
  const textsOf = async () => (await drafts()).map(([, draft]) => JSON.parse(String(draft)).text as string);
  await field().fill("one\nof the first tab\n");
  await eventually("the draft is kept", 30_000, async () => ((await drafts()).length === 1 ? true : undefined));
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/edit/${id}`);
  await other.getByRole("button", { name: "Discard" }).click();
  const theirs = other.getByRole("textbox", { name: /^Text of/ });
  await theirs.fill("one\nof the second tab\n");
  await theirs.press("Control+s");
  await other.getByText("Saved", { exact: true }).first().waitFor();
  await other.close();
  await eventually("the text of the first tab is kept", 30_000, async () => {
    const texts = await textsOf();
    return texts.length === 1 && texts[0] === "one\nof the first tab\n" ? true : undefined;
  });
});

longTest("the editor reports that the browser has no room for the text, and warns before leaving", async () => {
  await openText("/long.txt", "one\n");
  const { page } = app;
  await page.evaluate(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await field().fill("one\nand much more\n");
  await page.getByText("This browser has no room to keep your text.").waitFor();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Leave without saving?" });
  await dialog.getByText("It is lost if you leave without saving.").waitFor();
  await dialog.getByRole("button", { name: "Stay" }).click();
  page.once("dialog", (each) => void each.accept());
});

longTest("line endings are preserved, and a file with mixed endings cannot be edited", async () => {
  const id = await openText("/windows.txt", "one\r\ntwo\r\n");
  await field().fill("one\nTWO\n");
  await app.page.getByRole("button", { name: "Save" }).click();
  await eventually("it is saved", 30_000, async () => ((await contentOf(id)) === "one\r\nTWO\r\n" ? true : undefined));
  await app.api.put("/mixed.txt", "one\r\ntwo\n");
  await app.page.goto(`${app.server.url}/edit/${await app.api.idOf("/mixed.txt")}`);
  await app.page.getByText("This file mixes line endings").waitFor();
});

test("a sign-out asks before discarding unsaved text of another tab, and then deletes it", async () => {
  // The poll of this tab may still be running when the other tab ends the session.
  app.expectComplaint(/status of 401 .*\/poll/);
  const id = await openText("/secret.txt", "secret\n");
  const { page } = app;
  await field().fill("secret\nand more\n");
  const drafts = () =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("holdfast-draft ")));
  await eventually("the draft is kept", 30_000, async () => (await drafts())[0]);
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/settings/security`);
  const signOut = async () => {
    await other.getByRole("button", { name: "Account", exact: false }).first().click();
    await other.getByRole("menuitem", { name: "Sign out" }).click();
  };
  const question = other.getByRole("dialog", { name: "Discard unfinished work?" });
  await signOut();
  assert.deepEqual(await axeProblems(other), []);
  await question.getByRole("button", { name: "Stay" }).click();
  await question.waitFor({ state: "detached" });
  await signOut();
  await question.getByRole("link", { name: "secret.txt" }).click();
  await other.waitForURL(new RegExp(`/edit/${id}`));
  assert.equal((await drafts()).length, 1);
  assert.equal(await field().inputValue(), "secret\nand more\n");
  await signOut();
  await field().fill("secret\nand more, a moment before\n");
  await question.getByRole("button", { name: "Discard and sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await field().waitFor({ state: "detached" });
  assert.deepEqual(await drafts(), []);
});

longTest("unsaved text stays for its account while another account, which cannot see it, is signed in", async () => {
  app.expectComplaint(/status of 40[14]/);
  const ann = await app.addPerson("Ann");
  const bob = await app.addPerson("Bob");
  assert.equal((await ann.api.put("/hers.txt", "hers\n")).status, 201);
  const id = await ann.api.idOf("/hers.txt");
  await ok(ann.api, "POST", `/files/${id}/share`, { email: bob.email, role: "editor" });
  const { page } = app;
  await page.goto("about:blank");
  await app.signIn(ann);
  await app.open(`/edit/${id}`);
  await field().fill("hers\nprivate words of hers\n");
  const drafts = () =>
    page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("holdfast-draft ")));
  await eventually("the draft is kept", 30_000, async () => (await drafts())[0]);
  await ok(await Api.signIn(app.server.url, ann), "DELETE", "/devices");
  await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/files`);
  await other.getByLabel("E-mail address").fill(bob.email);
  await other.getByLabel("Password", { exact: true }).fill(bob.password);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.waitForURL(/\/files/);
  await eventually("the text of the other account is gone", 30_000, async () =>
    (await page.getByText("private words").count()) + (await page.locator("textarea").count()) === 0 ? true : undefined,
  );
  assert.equal((await drafts()).length, 1);
  await app.open(`/edit/${id}`);
  await field().waitFor();
  assert.equal(await page.getByRole("button", { name: "Restore" }).count(), 0);
  assert.equal(await field().inputValue(), "hers\n");
  await page.getByRole("button", { name: "Account", exact: false }).first().click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await app.signIn(ann);
  await app.open(`/edit/${id}`);
  await page.getByRole("button", { name: "Restore" }).click();
  await fieldHas("hers\nprivate words of hers\n");
});

longTest("a file that is briefly unreadable does not disturb unsaved text", async () => {
  const id = await openText("/moment.txt", "one\n");
  const { page } = app;
  await field().fill("one\nmany words of mine\n");
  const isItsNode = (url: URL) => url.pathname.endsWith(`/files/${id}`);
  const problem = { code: "internal", title: "Internal", detail: "A disk failed.", status: 500 };
  await page.route(isItsNode, (route) =>
    route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify(problem) }),
  );
  app.expectComplaint(/status of 500/);
  const lookAgain = () =>
    page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() + 120_000;
      globalThis.dispatchEvent(new Event("visibilitychange"));
    });
  await lookAgain();
  const notice = page.getByText("Cannot load this file right now. Your text is still here and can be copied.");
  await notice.waitFor();
  assert.equal(await field().inputValue(), "one\nmany words of mine\n");
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Stay" }).click();
  await page.unroute(isItsNode);
  await lookAgain();
  await notice.waitFor({ state: "detached" });
  await field().press("Control+s");
  await eventually("it is saved", 30_000, async () =>
    (await contentOf(id)) === "one\nmany words of mine\n" ? true : undefined,
  );
});

longTest("unsaved text survives a permanent deletion by another device, and can be saved as a new file", async () => {
  const id = await openText("/purged.txt", "one\n");
  const { page } = app;
  await field().fill("one\nmany words of mine\n");
  app.expectComplaint(/status of 404/);
  await app.api.call("DELETE", `/files/${id}?permanent=true`);
  await page
    .getByText(
      "This file was deleted or is no longer shared with you. Save your text as a new file, or copy it, before you leave.",
    )
    .waitFor();
  assert.equal(await field().inputValue(), "one\nmany words of mine\n");
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Save as a new file" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/edit/") && !url.pathname.endsWith(id));
  await field().waitFor();
  assert.equal(await field().inputValue(), "one\nmany words of mine\n");
  assert.equal(await contentOf(await app.api.idOf("/purged.txt")), "one\nmany words of mine\n");
  await page.waitForFunction(
    (file) => !Object.keys(localStorage).some((key) => key.startsWith("holdfast-draft ") && key.includes(file)),
    id,
  );
});

longTest("the last unsaved text is shown when its deleted file is opened again", async () => {
  const id = await openText("/lost.txt", "one\n");
  const { page } = app;
  await field().fill("one\nmany words of mine\n");
  app.expectComplaint(/status of 404/);
  await app.api.call("DELETE", `/files/${id}?permanent=true`);
  await page
    .getByText(
      "This file was deleted or is no longer shared with you. Save your text as a new file, or copy it, before you leave.",
    )
    .waitFor();
  page.once("dialog", (dialog) => void dialog.accept());
  await eventually("the draft is kept", 30_000, () =>
    page.evaluate(
      (file) => Object.keys(localStorage).find((key) => key.startsWith("holdfast-draft ") && key.includes(file)),
      id,
    ),
  );
  await page.reload();
  await page
    .getByRole("alert")
    .filter({ hasText: "This no longer exists, or is no longer shared with you." })
    .waitFor();
  const written = page.getByRole("group", { name: "Unsaved text" });
  assert.equal(await written.textContent(), "one\nmany words of mine\n");
});

longTest("text written just before leaving the editor is offered again", async () => {
  const id = await openText("/hasty.txt", "begun\n");
  const { page } = app;
  await field().fill("begun\nand kept\n");
  await eventually("the draft is kept", 30_000, () =>
    page.evaluate(() => Object.keys(localStorage).find((key) => key.startsWith("holdfast-draft "))),
  );
  // Blocks the timer that stores a draft.
  await page.evaluate(() => {
    const later = globalThis.setTimeout;
    const without = (run: () => void, ms?: number) => (ms === 800 ? 0 : later(run, ms));
    Object.assign(globalThis, { setTimeout: without });
  });
  await field().fill("begun\nin haste\n");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Leave" }).click();
  await page.waitForURL(/\/files/);
  await page.goto(`${app.server.url}/edit/${id}`);
  await page.getByRole("button", { name: "Restore" }).click();
  await fieldHas("begun\nin haste\n");
});

longTest("the Markdown preview follows the text, and Escape returns to the text", async () => {
  await openText("/garden.md", "# Garden\n");
  const { page } = app;
  await page.getByRole("button", { name: "Preview" }).click();
  const shown = page.frameLocator("iframe");
  await shown.getByRole("heading", { name: "Garden" }).waitFor();
  await field().fill("# Garden\n\n- [x] beans\n");
  await shown.getByRole("checkbox", { name: "beans" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await shown.locator("main").focus();
  const frame = page.frames().find((each) => each.url().includes("/preview-frame"));
  assert.ok(frame !== undefined);
  await frameHasFocus(frame);
  await page.keyboard.press("Escape");
  await hasFocus(field());
  await openText("/plain.txt", "words");
  assert.equal(await page.getByRole("button", { name: "Preview" }).count(), 0);
});
