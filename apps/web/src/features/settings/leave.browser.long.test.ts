import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp();

test("an account can be downloaded, deleted with the password, and restored by signing in", async () => {
  app.expectComplaint(/status of (401|403|422)/);
  const { page } = app;
  const mia = await app.addPerson("Mia");
  await mia.api.put("/diary.txt", "what Mia wrote first");
  await mia.api.put("/diary.txt", "what Mia wrote last", "&on_conflict=replace");
  await app.signIn(mia);
  await app.open("/settings/profile");
  await page.getByRole("button", { name: "Export" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const saved = async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "holdfast.tar");
    return readFileSync(await download.path(), "latin1");
  };
  const all = await saved();
  assert.ok(all.includes("what Mia wrote first") && all.includes("what Mia wrote last"));
  await page.getByLabel("Include older versions").uncheck();
  const newest = await saved();
  assert.ok(!newest.includes("what Mia wrote first") && newest.includes("what Mia wrote last"));

  await page.getByRole("button", { name: "Delete account…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill("a guess");
  await page.setViewportSize(sizes.phone);
  assert.deepEqual(await axeProblems(page), []);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await dialog.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  await dialog.getByLabel("Current password").fill(mia.password);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await page.getByLabel("E-mail address").waitFor();
  assert.equal((await mia.api.call("GET", "/account")).status, 401);
  assert.equal(await page.evaluate(() => localStorage.getItem("holdfast-account")), null, "nothing of it stays here");

  await page.getByLabel("E-mail address").fill(mia.email);
  await page.getByLabel("Password", { exact: true }).fill(mia.password);
  await page.keyboard.press("Enter");
  await page.getByText("This account is being deleted. After ").waitFor();
  await page.getByRole("button", { name: "Keep the account" }).click();
  await page.getByRole("button", { name: /Mia/ }).first().waitFor();
  await app.open("/files");
  await page.getByText("diary.txt").first().waitFor();
});

test("an address change takes effect when its link is followed, and can be canceled before", async () => {
  const { page, server } = app;
  const ned = await app.addPerson("Ned");
  await app.signIn(ned);
  await app.open("/settings/profile");
  const ask = async (email: string) => {
    await page.getByRole("button", { name: "Change address…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("New e-mail address").fill(email);
    await dialog.getByLabel("Current password").fill(ned.password);
    assert.deepEqual(await axeProblems(page), []);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
  };
  await ask("ned@new.example");
  await page.getByText("Address change to ned@new.example not confirmed yet").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await ask(ned.email);
  await page.getByText("Address change to").waitFor({ state: "detached" });
  await ask("ned@new.example");
  const link = await eventually("the link is there to hand on", 60_000, async () => {
    const { items } = await ok(app.api, "GET", "/admin/unsent-links");
    return items.find(({ to }: { to: string }) => to === "ned@new.example")?.url as string | undefined;
  });
  await page.goto(`${server.url}/setup${link.slice(link.indexOf("#"))}`);
  await page.getByRole("button", { name: "Confirm address" }).click();
  await page.getByText("ned@new.example").waitFor();
  await app.open("/settings/profile");
  await page.getByText("ned@new.example").waitFor();
  assert.equal(await page.getByText("Address change to").count(), 0);
});
