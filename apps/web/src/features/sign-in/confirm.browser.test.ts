import assert from "node:assert/strict";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ size: "phone", serverOptions: { env: { HOLDFAST_OPEN_REGISTRATION: "yes" } } });

/** This server sends no e-mail. */
async function linkTo(address: string): Promise<string> {
  const url = await eventually(`the link to ${address}`, 60_000, async () => {
    const { items } = await ok(app.api, "GET", "/admin/unsent-links");
    return items.find(({ to }: { to: string }) => to === address)?.url as string | undefined;
  });
  return `/setup${new URL(url).hash}`;
}

async function signUp(name: string) {
  const person = { email: `${name.toLowerCase()}@example.org`, password: `the password of ${name}` };
  await ok(new Api(app.server.url), "POST", "/accounts", { ...person, name });
  return { ...person, api: await Api.signIn(app.server.url, person) };
}

const isConfirmed = async (api: Api) => (await ok(api, "GET", "/account")).confirmed as boolean;

test("an address is confirmed by a button while signed in to its account, which the page names", async () => {
  const { page } = app;
  const ada = await signUp("Ada");
  await app.signIn(ada);
  await app.open(await linkTo(ada.email));
  await page.getByText("Ada (ada@example.org)").waitFor();
  assert.equal(new URL(page.url()).hash, "");
  assert.deepEqual(await axeProblems(page), []);
  assert.equal(await isConfirmed(ada.api), false, "to look at the link confirms nothing");
  await page.getByRole("button", { name: "Confirm address" }).click();
  await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
  assert.equal(await isConfirmed(ada.api), true);
});

longTest("the link asks a signed-out visitor to sign in first, and then completes the address change", async () => {
  const { page } = app;
  const person = await app.addPerson("Bea");
  const { api, email, password } = person;
  await ok(api, "POST", "/account/address", { email: "bea@new.example", password });
  await app.open(await linkTo("bea@new.example"));
  await page.getByText("Sign in to the account named in the e-mail. Then confirm the address.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByText(`Bea (${email})`).waitFor();
  assert.equal((await ok(api, "GET", "/account")).email, email);
  await page.getByRole("button", { name: "Confirm address" }).click();
  await page.getByText("You now have access to everything that others shared with bea@new.example").waitFor();
  assert.equal((await ok(api, "GET", "/account")).email, "bea@new.example");
});

longTest(
  "the link explains that another account is signed in, and switches to the right one without a new mail",
  async () => {
    const { page } = app;
    const cleo = await signUp("Cleo");
    const other = await app.addPerson("Dan");
    await app.signIn(other);
    await app.open(await linkTo(cleo.email));
    await page.getByRole("heading", { name: "This link is for another account" }).waitFor();
    await page.getByText(`You are signed in as Dan (${other.email}).`).waitFor();
    assert.equal(await page.getByRole("button", { name: "Confirm address" }).count(), 0);
    assert.deepEqual(await axeProblems(page), []);
    await page.getByRole("button", { name: "Sign out and use the other account" }).click();
    await page.getByLabel("E-mail address").fill(cleo.email);
    await page.getByLabel("Password", { exact: true }).fill(cleo.password);
    await page.keyboard.press("Enter");
    await page.getByText(`Cleo (${cleo.email})`).waitFor();
    await page.getByRole("button", { name: "Confirm address" }).click();
    await page.getByRole("heading", { name: "Your address is confirmed" }).waitFor();
    assert.equal(await isConfirmed(cleo.api), true);
  },
);

longTest("a link to an outdated address is reported as expired", async () => {
  app.expectComplaint(/status of 422/);
  const { page } = app;
  const eve = await signUp("Eve");
  const link = await linkTo(eve.email);
  const { id } = await ok(eve.api, "GET", "/account");
  await ok(app.api, "PATCH", `/admin/users/${id}`, { email: "eve@moved.example" });
  await app.signIn({ ...eve, email: "eve@moved.example" });
  await app.open(link);
  await page.getByRole("button", { name: "Confirm address" }).click();
  await page.getByRole("alert").filter({ hasText: "has expired, or is for another address" }).waitFor();
});
