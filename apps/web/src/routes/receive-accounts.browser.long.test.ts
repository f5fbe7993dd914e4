import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../testing/axe.ts";
import { nothingIsStored, receive, storedCount } from "../testing/receive.ts";
import { signIn, signInByForm, testApp } from "../testing/test-app.ts";

const app = testApp();

test("a sign-out asks before it deletes parcels", async () => {
  const page = await app.another();
  await signIn(page, app.server.url, await app.addPerson("Ann"));
  await page.goto(`${app.server.url}/files`);
  await receive(page, { "private.txt": "private" });
  const signOut = async () => {
    await page.getByRole("button", { name: /^Account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
  };
  await signOut();
  const question = page.getByRole("dialog", { name: "Discard unfinished work?" });
  await question.getByText("1 file from another app that has not been uploaded yet").waitFor();
  await question.getByRole("link", { name: "Choose folder…" }).click();
  await page.getByRole("dialog", { name: "Save “private.txt”" }).waitFor();
  await page.keyboard.press("Escape");
  await signOut();
  await question.getByRole("button", { name: "Discard and sign out" }).click();
  await page.getByLabel("E-mail address").waitFor();
  await nothingIsStored(page);
});

test("a sign-out that cannot count parcels deletes none, also in other tabs", async () => {
  const page = await app.another();
  await signIn(page, app.server.url, await app.addPerson("Dan"));
  await page.goto(`${app.server.url}/files`);
  await receive(page, { "uncounted.txt": "uncounted" });
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/receive`);
  await other.getByRole("dialog", { name: "Save “uncounted.txt”" }).waitFor();
  await page.evaluate(`
    const { has } = CacheStorage.prototype;
    CacheStorage.prototype.has = () => {
      CacheStorage.prototype.has = has;
      return Promise.reject(new Error("Disk failed"));
    };
  `);
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").waitFor();
  await other.getByLabel("E-mail address").waitFor();
  await eventually("the next parcels have no owner", 30_000, () =>
    page.evaluate(async () => {
      const owner = await (await caches.open("received-files")).match("/receive-for");
      return owner === undefined ? true : undefined;
    }),
  );
  assert.equal(await storedCount(page), 2);
});

test("a sign-in by another account neither shows nor deletes parcels", async () => {
  const page = await app.another();
  const ben = await app.addPerson("Ben");
  const cleo = await app.addPerson("Cleo");
  const { url } = app.server;
  await signIn(page, url, ben);
  await page.goto(`${url}/files`);
  const { id } = (await ben.api.call("GET", "/account")).body as { readonly id: string };
  await receive(page, { "of ben.txt": "of ben" }, { owner: id });
  await page.context().clearCookies();
  await signInByForm(page, url, cleo);
  await page.goto(`${url}/receive`);
  await page.getByText("1 file belongs to another account in this browser.").waitFor();
  await page.getByText("No files are waiting").waitFor();
  assert.equal(await page.getByText("of ben.txt").count(), 0);
  await page.getByRole("button", { name: "Discard" }).click();
  const question = page.getByRole("dialog", { name: "Discard 1 file of another account?" });
  await question.waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await question.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").waitFor();
  await signInByForm(page, url, ben);
  await page.goto(`${url}/receive`);
  await page.getByRole("dialog", { name: "Save “of ben.txt”" }).waitFor();
});
