import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { filesPage } from "../../testing/files-page.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ serverOptions: { env: { HOLDFAST_RETENTION_TRASH: "5d" } } });

test("a folder is rewound to an earlier moment after a preview, and the rewind can be undone", async () => {
  await ok(app.api, "POST", "/metadata", { path: "/Album", kind: "folder" });
  await app.api.put("/Album/one.txt", "as it was");
  const id = await app.api.idOf("/Album");
  const { updated_at: before } = await ok(app.api, "GET", `/files/${await app.api.idOf("/Album/one.txt")}`);
  await app.api.put("/Album/one.txt", "encrypted", "&on_conflict=replace");
  await app.api.put("/Album/ransom.txt", "pay");
  const content = async (path: string) =>
    String((await app.api.call("GET", `/files/${await app.api.idOf(path)}/download`)).body);

  await app.signIn();
  const { page } = app;
  await app.open("/files");
  await page.getByRole("row", { name: /Album/ }).click({ button: "right" });
  await filesPage(page).pickMore("Rewind folder…");
  await page.waitForURL(new RegExp(`/rewind/${id}`));
  await app.open(`/rewind/${id}?to=${encodeURIComponent(before)}`);
  await page.getByText("1 file reverted").waitFor();
  await page.getByText("1 newer item moved to trash").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: /^Rewind to/ }).click();
  await page.waitForURL(new RegExp(`/files/${id}`));
  assert.equal(await content("/Album/one.txt"), "as it was");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Rewind undone").first().waitFor();
  assert.equal(await content("/Album/one.txt"), "encrypted");
  assert.equal(await content("/Album/ransom.txt"), "pay");
});

longTest("the trash and the rewind show the server's configured retention", async () => {
  await app.signIn();
  const { page } = app;
  await app.open("/trash");
  await app.api.put("/gone.txt", "text");
  await ok(app.api, "DELETE", `/files/${await app.api.idOf("/gone.txt")}`);
  await page.getByRole("gridcell", { name: "5 days", exact: true }).first().waitFor();
  const id = await app.api.idOf("/Album");
  await ok(app.api, "POST", `/files/${id}/comments`, { text: "Lovely" });
  await app.open(`/rewind/${id}`);
  await page.getByText("can rewind up to 5 days").waitFor();
  await page
    .getByRole("button", { name: / (?:added|changed) / })
    .first()
    .waitFor();
  assert.equal(await page.getByRole("button", { name: /commented/ }).count(), 0);
  const earliest = await page.getByLabel("Date and time").getAttribute("min");
  const agoDays = (Date.now() - Date.parse(earliest ?? "")) / 86_400_000;
  assert.ok(agoDays > 4.9 && agoDays < 5.1, String(earliest));
});

longTest("an owner can start a rewind in a folder's activity and menu, and an editor cannot", async () => {
  const editor = await app.addPerson("Edda");
  await ok(app.api, "POST", "/metadata", { path: "/Plans", kind: "folder" });
  const id = await app.api.idOf("/Plans");
  await app.api.put("/Plans/a.txt", "a");
  await ok(app.api, "DELETE", `/files/${await app.api.idOf("/Plans/a.txt")}`);
  await ok(app.api, "POST", `/files/${id}/share`, { email: editor.email, role: "editor" });
  await app.signIn();
  const { page } = app;
  await app.open(`/files/${id}?panel=activity`);
  await page.getByText(/moved a\.txt to the trash/).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("listitem").filter({ hasText: "moved a.txt to the trash" }).getByRole("button").click();
  await page.waitForURL(new RegExp(`/rewind/${id}\\?to=`));
  await page.getByText("1 item restored from trash").waitFor();
  await app.open(`/files/${id}`);
  await page.keyboard.press("Control+k");
  await page.keyboard.type(">rewind");
  await page.getByRole("option", { name: "Rewind folder…" }).click();
  await page.waitForURL(new RegExp(`/rewind/${id}`));
  await app.signIn(editor);
  await app.open(`/files/${id}?panel=activity`);
  await page
    .getByText(/ added /)
    .first()
    .waitFor();
  assert.equal(await page.getByRole("button", { name: "Rewind to before this" }).count(), 0);
});
