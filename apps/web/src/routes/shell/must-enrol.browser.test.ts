import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { Secret, TOTP } from "otpauth";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

test("a required second factor is announced during the grace period, enforced afterwards, and asked for at the sign-in", async () => {
  app.expectComplaint(/status of 40[13]/);
  const { page } = app;
  const person = await app.addPerson("Gail");
  const require = (seconds: number) =>
    ok(app.api, "PATCH", "/admin/access-rules", {
      user: person.email,
      second_factor: { required: true, grace_seconds: seconds },
    });
  await require(86_400);
  await app.signIn(person);
  await app.open("/files");
  await page.getByText("An administrator requires a second factor. Set one up by").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("link", { name: "Set up" }).click();
  await page.getByRole("button", { name: "Set up an app" }).waitFor();

  await require(0);
  await app.open("/files");
  await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  assert.equal(await page.getByRole("navigation").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Set up an app" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Current password").fill(person.password);
  await page.keyboard.press("Enter");
  const secret = (await dialog.getByRole("group", { name: "Key for manual entry" }).innerText()).replaceAll(" ", "");
  const authenticator = new TOTP({ secret: Secret.fromBase32(secret) });
  await dialog.getByLabel("Code", { exact: true }).fill(authenticator.generate());
  await page.keyboard.press("Enter");
  await dialog.getByRole("heading", { name: "Recovery codes" }).waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("navigation").first().waitFor();
  assert.equal(await page.getByText("An administrator requires a second factor. Set one up by").count(), 0);

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.keyboard.press("Enter");
  const code = page.getByLabel("Code", { exact: true });
  await hasFocus(code);
  // Accepted early, while the first code was used up.
  await code.fill(authenticator.generate({ timestamp: Date.now() + 30_000 }));
  await page.keyboard.press("Enter");
  await page.getByRole("navigation").first().waitFor();
});
