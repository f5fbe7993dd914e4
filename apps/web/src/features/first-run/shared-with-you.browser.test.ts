import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp({ size: "phone" });

test("an invited person sees what is shared with them, and can add it to their files", async () => {
  const { page, api } = app;
  await ok(api, "PATCH", "/account", { name: "Ann" });
  await ok(api, "POST", "/metadata", { path: "/Documents", kind: "folder" });
  await api.put("/Documents/plan.txt", "the plan");
  await api.put("/note.txt", "a note");
  const [folder, note] = [await api.idOf("/Documents"), await api.idOf("/note.txt")];
  const to = { email: "bob@example.com", role: "editor" };
  await ok(api, "POST", `/files/${note}/share`, to);
  const { invitation_url: link } = await ok(api, "POST", `/files/${folder}/share`, to);
  await page.goto(link);
  await page.getByLabel("Your name").fill("Bob");
  await page.getByLabel("Password", { exact: true }).fill("a sentence of Bob");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Ann shared Documents with you").waitFor();
  await page.getByText("Ann shared note.txt with you").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  for (const size of [sizes.phone, sizes.desktop]) {
    await page.setViewportSize(size);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= size.width);
    const told = await page.getByText("Ann shared Documents with you").boundingBox();
    const ways = await page.getByRole("heading", { name: "Upload files" }).boundingBox();
    assert.ok(told !== null && ways !== null && told.y < ways.y, "before the ways to begin");
  }
  await page.getByRole("button", { name: "Add to my files" }).click();
  await page.getByRole("row").filter({ hasText: "Documents" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Your drive is ready" }).count(), 0);
});
