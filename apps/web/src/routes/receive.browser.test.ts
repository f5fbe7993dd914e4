import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { nothingIsStored, receive, storedCount } from "../testing/receive.ts";
import type { Page } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../testing/axe.ts";
import { uploadsAreThere } from "../testing/drop.ts";
import { filesPage } from "../testing/files-page.ts";
import { hasFocus } from "../testing/focus.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp();

const saveTo = (page: Page, title: string, folder = "Files") =>
  page
    .getByRole("dialog", { name: title })
    .getByRole("button", { name: `Save to ${folder}`, disabled: false })
    .click();

const said = (page: Page, words: string | RegExp) => page.getByRole("region", { name: "Messages" }).getByText(words);

const uploaded = (path: string) =>
  eventually(`${path} is uploaded`, 60_000, async () => {
    const answer = await app.api.download(path).catch(() => undefined);
    return answer?.status === 200 ? String(answer.body) : undefined;
  });

test("files from another app wait for a folder, newest first, and are uploaded or discarded", async () => {
  const { page, api } = app;
  await ok(api, "POST", "/metadata", { path: "/Photos", kind: "folder" });
  await app.signIn();
  await app.open("/files");
  const now = Date.now();
  await receive(page, { "earlier.txt": "earlier" }, { at: now - 1000 });
  await receive(page, { "one.txt": "words of one", "two.txt": "words of two" }, { at: now });
  await app.open("/receive");
  const dialog = page.getByRole("dialog", { name: "Save 2 files" });
  await dialog.getByText("Save to Administrator’s drive").waitFor();
  await dialog.getByRole("button", { name: "Save to Files", disabled: false }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await dialog.getByRole("option", { name: "Photos" }).click();
  await saveTo(page, "Save 2 files", "Photos");
  for (const name of ["one", "two"]) {
    const stored = await uploaded(`/Photos/${name}.txt`);
    assert.equal(stored, `words of ${name}`);
  }
  await hasFocus(page.getByRole("dialog", { name: "Save “earlier.txt”" }));
  await page.keyboard.press("Escape");
  await page.getByRole("listitem").filter({ hasText: "earlier.txt" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog", { name: "Discard “earlier.txt”?" }).getByRole("button", { name: "Discard" }).click();
  await filesPage(page).seen("Photos");
  await nothingIsStored(page);
});

longTest("all parcels are discarded together", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "last.txt": "last" }, { at: Date.now() - 1000 });
  await receive(page, { "newer 1.txt": "newer", "newer 2.txt": "newer" });
  await app.open("/receive");
  await page.getByRole("dialog", { name: "Save 2 files" }).waitFor();
  await page.keyboard.press("Escape");
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Discard all" }).click();
  await page.getByRole("dialog", { name: "Discard 3 files?" }).getByRole("button", { name: "Discard" }).click();
  await page.waitForURL(`${app.server.url}/files`);
  await nothingIsStored(page);
});

longTest("a parcel without a folder is offered on the next page, and rejected parcels are explained", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "left.txt": "left" });
  await page.reload();
  await said(page, "1 shared file is waiting for a folder.").waitFor();
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await page.getByRole("dialog", { name: "Save “left.txt”" }).waitFor();
  for (const [problem, words] of [
    ["nothing", "The other app shared no files."],
    ["too_many", "at most 100 can wait"],
    ["too_large", /at most 2(?:\.0)?\sGiB can wait/],
    ["not_kept", "could not store the files"],
    ["not_ready", "The app was not ready"],
  ] as const) {
    await app.open(`/receive?problem=${problem}`);
    await page.getByText(words).waitFor({ state: "attached" });
    await page.waitForURL(`${app.server.url}/receive`);
    await page.reload();
    await page.getByRole("dialog", { name: "Save “left.txt”" }).waitFor();
    assert.equal(await page.getByText(words).count(), 0, "a reload does not show it again");
  }
  await app.open("/receive?problem=%3Cb%3E");
  await page.getByRole("dialog", { name: "Save “left.txt”" }).waitFor();
  assert.equal(await page.getByText("<b>").count(), 0, "an unknown problem is not shown");
});

longTest("a parcel that has waited for more than a week is offered with the day of its deletion", async () => {
  const { page } = app;
  const dayMs = 24 * 60 * 60 * 1000;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "old.txt": "old" }, { at: Date.now() - 100 * dayMs });
  await page.reload();
  await said(page, /^1 shared file will be deleted on .* if you do not choose a folder\.$/).waitFor();
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await page.getByRole("dialog", { name: "Save “old.txt”" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("This file has waited for more than a week. It will be deleted on").waitFor();
  assert.deepEqual(await axeProblems(page), []);
});

longTest("an upload interrupted by the next parcel continues in its folder without a browser prompt", async () => {
  const { page, api } = app;
  const questions: string[] = [];
  page.on("dialog", (dialog) => {
    questions.push(dialog.type());
    void dialog.accept();
  });
  await ok(api, "POST", "/metadata", { path: "/Mail", kind: "folder" });
  await app.signIn();
  await app.open("/files");
  await receive(page, { "first.txt": "first", "second.txt": "second" });
  await app.open("/receive");
  await page.getByRole("dialog", { name: "Save 2 files" }).getByRole("option", { name: "Mail" }).click();
  // The answer is lost, so the next page does not know that the files are stored.
  const isUpload = /\/sync\/delta$/;
  await page.context().route(isUpload, (route) => void route.fetch());
  await saveTo(page, "Save 2 files", "Mail");
  await uploaded("/Mail/second.txt");
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/receive`);
  await other.getByText("No files are waiting").waitFor();
  await other.close();
  await page.context().unroute(isUpload);
  await app.open("/receive");
  assert.deepEqual(questions, []);
  await page.getByRole("dialog", { name: "Save 2 files" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("The upload to “Mail” did not finish.").waitFor();
  await uploadsAreThere(page);
  assert.equal(await page.getByRole("region", { name: "Uploads" }).count(), 0, "the tray does not offer it too");
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await saveTo(page, "Save 2 files", "Mail");
  // Another upload would ask what to do with the names that exist.
  await nothingIsStored(page);
  const { items } = await ok(api, "GET", `/folders/${await api.idOf("/Mail")}/contents`);
  assert.equal((items as readonly unknown[]).length, 2);
});

longTest("files from another app are uploaded beside a running upload", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "shared.txt": "shared" });
  await page.reload();
  const choose = page.getByRole("button", { name: "Choose folder…" });
  await choose.waitFor();
  await uploadsAreThere(page);
  const gate = Promise.withResolvers<void>();
  await page.context().route(/\/sync\/delta$/, async (route) => {
    await gate.promise;
    await route.continue();
  });
  await page.getByRole("button", { name: "Upload", exact: true }).click();
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("menuitem", { name: "Upload files" }).click();
  const running = { name: "running.txt", mimeType: "text/plain", buffer: Buffer.from("running") };
  await (await choosing).setFiles(running);
  await page.getByRole("region", { name: "Uploads" }).waitFor();
  await choose.click();
  await saveTo(page, "Save “shared.txt”");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  gate.resolve();
  assert.equal(await uploaded("/running.txt"), "running");
  assert.equal(await uploaded("/shared.txt"), "shared");
  await nothingIsStored(page);
});

longTest("a parcel that the browser cannot read waits again", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "unread.txt": "unread" });
  await app.open("/receive");
  await page.getByRole("dialog", { name: "Save “unread.txt”" }).waitFor();
  await page.evaluate(`
    const { match } = Cache.prototype;
    Cache.prototype.match = function (path) {
      return path.endsWith("/0") ? Promise.reject(new Error("Disk failed")) : match.call(this, path);
    };
    const remove = Cache.prototype.delete;
    Cache.prototype.delete = () => Promise.reject(new Error("Disk failed"));
    globalThis.repair = () => {
      Cache.prototype.match = match;
      Cache.prototype.delete = remove;
    };
  `);
  await saveTo(page, "Save “unread.txt”");
  await page.getByRole("alert").getByText("The upload could not start.").waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await page.getByRole("alert").getByText("The files could not be discarded.").waitFor();
  await page.evaluate("repair()");
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await saveTo(page, "Save “unread.txt”");
  assert.equal(await uploaded("/unread.txt"), "unread");
  await nothingIsStored(page);
});

longTest("a parcel that another tab has discarded is not reported as uploaded", async () => {
  const { page, server } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "once.txt": "once" });
  await app.open("/receive");
  await page.getByRole("dialog", { name: "Save “once.txt”" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(`${server.url}/receive`);
  await other.getByRole("dialog", { name: "Save “once.txt”" }).waitFor();
  await other.keyboard.press("Escape");
  await other.getByRole("button", { name: "Discard" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
  await nothingIsStored(page);
  await other.close();
  await saveTo(page, "Save “once.txt”");
  await said(page, "This file is being uploaded, or was already uploaded or discarded.").waitFor();
});

longTest("a brief loss of connection does not close the dialog for the folder", async () => {
  const { page, api } = app;
  await ok(api, "POST", "/metadata", { path: "/Boats", kind: "folder" });
  await app.signIn();
  await app.open("/files");
  await receive(page, { "boat.txt": "boat" });
  await app.open("/receive");
  const dialog = page.getByRole("dialog", { name: "Save “boat.txt”" });
  await dialog.getByRole("option", { name: "Boats" }).click();
  await dialog.getByRole("button", { name: "Save to Boats", disabled: false }).waitFor();
  app.expectComplaint(/ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await dialog.getByRole("button", { name: "Save to Boats", disabled: true }).waitFor();
  await page.context().setOffline(false);
  await saveTo(page, "Save “boat.txt”", "Boats");
  assert.equal(await uploaded("/Boats/boat.txt"), "boat");
  await nothingIsStored(page);
});

longTest("a parcel whose upload code cannot be loaded waits again", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "unloaded.txt": "unloaded" });
  await app.open("/receive");
  const isWorker = /upload\.worker/;
  await page.context().route(isWorker, (route) => route.abort());
  app.expectComplaint(/Failed to load|ERR_FAILED/);
  await saveTo(page, "Save “unloaded.txt”");
  await page.getByRole("alert").getByText("The upload could not start.").waitFor();
  await page.context().unroute(isWorker);
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await saveTo(page, "Save “unloaded.txt”");
  assert.equal(await uploaded("/unloaded.txt"), "unloaded");
  await nothingIsStored(page);
});

longTest("files that were not uploaded wait again after the uploads are canceled or closed", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await receive(page, { "failing.txt": "failing" });
  await app.open("/receive");
  const isUpload = /\/sync\/delta$/;
  await page.context().route(isUpload, (route) => route.fulfill({ status: 413, json: { code: "too_large" } }));
  app.expectComplaint(/413/);
  const uploads = page.getByRole("region", { name: "Uploads" });
  const warning = said(page, "The file from another app was not uploaded.");
  for (const button of ["Cancel the upload of failing.txt", "Close"]) {
    await saveTo(page, "Save “failing.txt”");
    await uploads.getByText("Failed").first().waitFor();
    await uploads.getByRole("button", { name: button }).click();
    await warning.waitFor();
    await page.getByRole("button", { name: "Choose folder…" }).click();
  }
  await page.context().unroute(isUpload);
  await saveTo(page, "Save “failing.txt”");
  assert.equal(await uploaded("/failing.txt"), "failing");
  await nothingIsStored(page);
});

longTest("a file that was skipped because its name is in use waits again", async () => {
  const { page, api } = app;
  await ok(api, "POST", "/metadata", { path: "/Letters", kind: "folder" });
  await api.put("/Letters/note.txt", "stored");
  await app.signIn();
  await app.open("/files");
  await receive(page, { "note.txt": "shared" });
  await app.open("/receive");
  await page.getByRole("dialog", { name: "Save “note.txt”" }).getByRole("option", { name: "Letters" }).click();
  await saveTo(page, "Save “note.txt”", "Letters");
  await page.getByRole("button", { name: "Choose…", exact: true }).click();
  const clash = page.getByRole("dialog", { name: "1 name already exists" });
  await clash.getByText("Skip", { exact: true }).click();
  await clash.getByRole("button", { name: "Continue" }).click();
  await said(page, "The file from another app was not uploaded.").waitFor();
  assert.equal(await storedCount(page), 2);
  await page.getByRole("button", { name: "Choose folder…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Files", exact: true }).click();
  await saveTo(page, "Save “note.txt”");
  assert.equal(await uploaded("/note.txt"), "shared");
  assert.equal(await uploaded("/Letters/note.txt"), "stored");
  await nothingIsStored(page);
});
