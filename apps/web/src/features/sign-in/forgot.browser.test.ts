import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { TestPasskey } from "@holdfast/server/features/accounts/factors/testing-passkey";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp({ serverOptions: { env: { HOLDFAST_PUBLIC_URL: "https://drive.example.org" } } });

test("a forgotten password is replaced through a link, which works once", async () => {
  app.expectComplaint(/status of 422 .*\/account\/password\/reset/);
  const { page } = app;
  const person = await app.addPerson("Hal");
  await app.open("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByRole("button", { name: "Request link" }).click();
  await page.getByText("Enter your e-mail address.").waitFor();
  await page.setViewportSize(sizes.phone);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("E-mail address").fill(person.email);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "An administrator has the link" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  // This server sends no e-mail.
  const link = await linkTo(person.email);
  const { hash } = new URL(link);
  await app.open(`/setup${hash}`);
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  assert.equal(new URL(page.url()).hash, "", "nobody copies it out of the address");
  const field = page.getByLabel("New password", { exact: true });
  await field.fill("short");
  await page.keyboard.press("Enter");
  await page.getByText("Use at least").waitFor();
  await field.fill("Sunshine2026!");
  await page.keyboard.press("Enter");
  await page.getByText("This password is too easy to guess. Choose another one.").waitFor();
  await hasFocus(field);
  await field.fill("what I shall remember");
  await page.keyboard.press("Enter");
  await page.getByText(`Sign in as ${person.email} with your new password.`).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await app.open("/sign-in");
  await app.open(`/setup${hash}`);
  await field.fill("what a thief wants");
  await page.keyboard.press("Enter");
  await page
    .getByText("This link has been used, has expired or is incomplete. Request a new one from the sign-in page.")
    .waitFor();
  await page.setViewportSize(sizes.desktop);
  await app.signInByForm({ email: person.email, password: "what I shall remember" });
});

longTest("a password reset mentions the passkeys that stay, or removes them", async () => {
  const { page } = app;
  const box = page.getByLabel("Remove passkeys too: they work without the password");
  for (const [name, ends] of [
    ["Ida", false],
    ["Jo", true],
  ] as const) {
    const person = await app.addPerson(name);
    const { webauthn } = await ok(person.api, "POST", "/account/passkeys", { password: person.password });
    const passkey = new TestPasskey("https://drive.example.org").create(webauthn);
    await ok(person.api, "POST", "/account/passkeys/confirm", { name: "Key", passkey });
    await ok(app.api, "POST", "/account/password/reset/mail", { email: person.email });
    await app.open(`/setup${new URL(await linkTo(person.email)).hash}`);
    await page.getByLabel("New password", { exact: true }).fill("what I shall remember");
    await page.getByLabel("Unlink sign-ins through other services too").waitFor();
    assert.equal(await box.isChecked(), false);
    assert.deepEqual(await axeProblems(page), []);
    if (ends) await box.check();
    await page.getByRole("button", { name: "Save password" }).click();
    await page.getByText(`Sign in as ${person.email} with your new password.`).waitFor();
    assert.equal(
      await page.getByText("Other ways to sign in still work. Review them under Settings, Security.").count(),
      ends ? 0 : 1,
    );
    const { body } = await new Api(app.server.url).call("POST", "/sessions", {
      email: person.email,
      password: "what I shall remember",
    });
    assert.deepEqual(body.factors, ends ? ["recovery_code"] : ["passkey", "recovery_code"]);
    // Resets the form for the next run.
    await app.open("/sign-in");
  }
});

function linkTo(email: string): Promise<string> {
  return eventually("the link is there", 30_000, async () => {
    const { items } = await ok(app.api, "GET", "/admin/unsent-links");
    return items.find(({ to, url }: { to: string; url: string }) => to === email && url.includes("#hfw_"))?.url;
  });
}
