import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp({ serverOptions: { env: { HOLDFAST_PUBLIC_URL: "https://drive.example.org" } } });

test("who has forgotten the password gets a link, chooses another one and signs in with it; the link works once", async () => {
  app.expectComplaint(/status of 422 .*\/account\/password\/reset/);
  const { page } = app;
  const person = await app.addPerson("Hal");
  await app.open("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByRole("button", { name: "Mail me the link" }).click();
  await page.getByText("Write something here.").waitFor();
  await page.setViewportSize(sizes.phone);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("E-mail address").fill(person.email);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  // This server sends no mail: an administrator hands the link on.
  const link = await eventually("the link is there", 30_000, async () => {
    const { items } = await ok(app.api, "GET", "/admin/unsent-links");
    return items.find(({ to, url }: { to: string; url: string }) => to === person.email && url.includes("#hfw_"))?.url;
  });
  const { hash } = new URL(String(link));
  await app.open(`/setup${hash}`);
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  assert.equal(new URL(page.url()).hash, "", "nobody copies it out of the address");
  const field = page.getByLabel("New password", { exact: true });
  await field.fill("short");
  await page.keyboard.press("Enter");
  await page.getByText("Make it longer.").waitFor();
  await field.fill("Sunshine2026!");
  await page.keyboard.press("Enter");
  await page.getByText("This password is among those that are tried first. Take another one.").waitFor();
  await hasFocus(field);
  await field.fill("what I shall remember");
  await page.keyboard.press("Enter");
  await page.getByText(`Sign in as ${person.email} with it.`).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await app.open("/sign-in");
  await app.open(`/setup${hash}`);
  await field.fill("what a thief wants");
  await page.keyboard.press("Enter");
  await page.getByText("The link was used already").waitFor();
  await page.setViewportSize(sizes.desktop);
  await app.signIn({ email: person.email, password: "what I shall remember" });
});
