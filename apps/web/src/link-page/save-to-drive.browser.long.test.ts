import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../testing/axe.ts";
import { filesPage } from "../testing/files-page.ts";
import { makeFolder, makeLink, visit } from "../testing/link-visit.ts";
import { testApp } from "../testing/test-app.ts";

const app = testApp();

test("a visitor with an account copies a link's folder into one of their own", async () => {
  const ann = await app.addPerson("Ann");
  await makeFolder({ api: ann.api }, "/from friends");
  await makeFolder(app, "/trip");
  await app.api.put("/trip/map.txt", "north");
  const { page } = app;
  await app.signIn(ann);
  await visit(page, (await makeLink(app, "/trip")).url);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("link", { name: "Save to my drive" }).click();
  const dialog = page.getByRole("dialog", { name: "Save “trip”" });
  await dialog.getByText("Shared by Administrator").waitFor();
  await dialog.getByText("Save to Ann’s drive (ann@example.com)").waitFor();
  await dialog.getByRole("button", { name: "Save to Files", disabled: false }).waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await dialog.getByRole("combobox", { name: "Search folders" }).press("Enter");
  await dialog.getByRole("option", { name: "from friends" }).click();
  await dialog.getByRole("button", { name: "Save to from friends" }).click();
  await page.getByText("trip saved to from friends").first().waitFor();
  await filesPage(page).seen("trip");
  await page.getByRole("button", { name: "Open folder" }).click();
  await filesPage(page).seen("map.txt");
  assert.equal((await ann.api.download("/from friends/trip/map.txt")).status, 200);
});

test("saving asks for the sign-in and the link's password first, and can copy only a subfolder", async () => {
  app.expectComplaint(/status of 401/);
  const bob = await app.addPerson("Bob");
  await makeFolder(app, "/locked/inside");
  await app.api.put("/locked/inside/note.txt", "inside");
  const { id, url } = await makeLink(app, "/locked", { password: "sesame" });
  const { page } = app;
  await visit(page, url);
  const enter = async (password: string) => {
    await page.getByLabel("Link password").fill(password);
    await page.getByRole("button", { name: "Open", exact: true }).click();
  };
  await enter("sesame");
  await filesPage(page).row("inside").dblclick();
  await page.getByRole("heading", { level: 1, name: "inside" }).waitFor();
  await page.getByRole("link", { name: "Save to my drive" }).click();
  await page.getByLabel("E-mail address").fill(bob.email);
  await page.getByLabel("Password", { exact: true }).fill(bob.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await enter("barley");
  await page.getByText("Wrong password.").waitFor();
  await enter("sesame");
  await page.getByRole("dialog", { name: "Save “inside”" }).getByRole("button", { name: "Save to Files" }).click();
  await filesPage(page).seen("inside");
  assert.equal((await bob.api.download("/inside/note.txt")).status, 200);
  const { items } = await ok(app.api, "GET", `/files/${await app.api.idOf("/locked")}/permissions`);
  assert.equal(items.find((item: { readonly id: string }) => item.id === id).downloads, 1);
});

test("the account can be switched before saving, and the new one saves the same item", async () => {
  const [dan, eve] = [await app.addPerson("Dan"), await app.addPerson("Eve")];
  await makeFolder(app, "/switched/part");
  const { page } = app;
  await app.signIn(dan);
  const part = await app.api.idOf("/switched/part");
  await visit(page, `${(await makeLink(app, "/switched")).url}?in=${part}`);
  await page.getByRole("link", { name: "Save to my drive" }).click();
  const dialog = page.getByRole("dialog", { name: "Save “part”" });
  await dialog.getByText("Save to Dan’s drive (dan@example.com)").waitFor();
  await dialog.getByRole("button", { name: "Switch account" }).click();
  await page.waitForURL(/\/sign-in\?next=/);
  await page.getByLabel("E-mail address").fill(eve.email);
  await page.getByLabel("Password", { exact: true }).fill(eve.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByText("Save to Eve’s drive (eve@example.com)").waitFor();
  await dialog.getByRole("button", { name: "Save to Files" }).click();
  await filesPage(page).seen("part");
  assert.ok(await eve.api.idOf("/part"));
});

test("an ended link, or one with few or no downloads left, is reported", async () => {
  app.expectComplaint(/status of 401/);
  const carol = await app.addPerson("Carol");
  await makeFolder(app, "/few");
  const { url } = await makeLink(app, "/few", { max_downloads: 2 });
  const token = new URL(url).pathname.slice("/s/".length);
  const { page } = app;
  await app.signIn(carol);
  await page.goto(`${app.server.url}/save/${token}`);
  await page.getByText("This uses one of the 2 downloads left.").waitFor();
  const save = (name: string) => ok(carol.api, "POST", "/links/copy", { token, parent_id: "root", name });
  await save("first");
  await page.reload();
  await page.getByText("This uses the last download of the link.").waitFor();
  await save("second");
  await page.reload();
  await page.getByText("This link has reached its download limit.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.goto(`${app.server.url}/save/hfl_nothing`);
  await page.getByText("This link does not work").waitFor();
});
