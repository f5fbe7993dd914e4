import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { OutsideVisit } from "@holdfast/server/acceptance/outside-visit";
import { administrator, Api, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import { TestPasskey } from "@holdfast/server/features/accounts/factors/testing-passkey";
import { startTestProvider, testClient } from "@holdfast/server/features/issuer/testing-provider";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const provider = await startTestProvider();
after(() => provider.stop());
const outside = { issuer: provider.issuer, ...testClient, name: "Example ID", create_accounts: [] };
const app = testApp({
  size: "phone",
  isTouch: true,
  isDark: true,
  serverOptions: { env: { HOLDFAST_OIDC: JSON.stringify(outside), HOLDFAST_RATE_LIMIT_SIGN_IN: "0" } },
});

async function choose(person: string, act: string): Promise<void> {
  await app.page.getByRole("button", { name: `Actions for ${person}` }).click();
  await app.page.getByRole("menuitem", { name: act, exact: true }).click();
}

async function assertUsable(): Promise<void> {
  assert.deepEqual(await axeProblems(app.page, { within: "[role=dialog]" }), []);
  assert.equal(await app.page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width);
}

test("an administrator changes an account's name and address, rejects duplicates, and the new address signs in", async () => {
  app.expectComplaint(/status of 409/);
  const { page } = app;
  const ann = await app.addPerson("Ann");
  await app.signIn();
  await app.open("/admin/accounts");
  await choose("Ann", "Name and address…");
  const dialog = page.getByRole("dialog", { name: "Name and address" });
  await hasFocus(dialog.getByLabel("Name"));
  await page.keyboard.type("Anna");
  await page.keyboard.press("Tab");
  await page.keyboard.type("no address");
  await page.keyboard.press("Enter");
  await dialog.getByText("Enter an e-mail address, such as").waitFor();
  await dialog.getByLabel("E-mail address").fill(administrator.email);
  await page.keyboard.press("Enter");
  await dialog.getByText("Another account already uses this address.").waitFor();
  await assertUsable();
  assert.equal((await ok(ann.api, "GET", "/account")).name, "Ann", "of two things that were asked for none was done");
  await dialog.getByLabel("E-mail address").fill("anna@example.net");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await hasFocus(page.getByRole("button", { name: "Actions for Anna" }));
  await page.getByText("anna@example.net").waitFor();
  await page.getByText("Address not confirmed").waitFor();
  const account = await ok(ann.api, "GET", "/account");
  assert.deepEqual([account.name, account.email, account.confirmed], ["Anna", "anna@example.net", false]);
  await app.signIn({ email: "anna@example.net", password: ann.password });
});

test("a disabled account is deleted permanently after a proof and after its address is typed", async () => {
  app.expectComplaint(/status of 403/);
  const { page } = app;
  const bob = await app.addPerson("Bob");
  const { id } = await ok(bob.api, "GET", "/account");
  await bob.api.put("/a.txt", "what is his alone");
  await bob.api.put("/b.txt", "the first version");
  await bob.api.put("/b.txt", "the second one", "&on_conflict=replace");
  await ok(bob.api, "POST", `/files/${await bob.api.idOf("/a.txt")}/share`, { link: true, role: "viewer" });
  await app.signIn();
  await app.open("/admin/accounts");
  await page.getByRole("button", { name: "Actions for Bob" }).click();
  await page.getByRole("menuitem", { name: "Set storage limit…" }).waitFor();
  const menuitem = page.getByRole("menuitem", { name: "Delete permanently…" });
  assert.equal(await menuitem.count(), 0, "nobody removes what is in use");
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await page.getByText("Disabled").waitFor();
  await queryDatabase(join(dirname(app.server.logFile), "data"), "update shard.sessions set proven_at = 1");
  await choose("Bob", "Delete permanently…");
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByRole("button", { name: "Cancel" }).click();
  const dialog = page.getByRole("dialog", { name: "Permanently delete the account of Bob?" });
  await dialog.getByText("Nothing was changed: your identity was not confirmed.").waitFor();
  const act = dialog.getByRole("button", { name: "Delete permanently" });
  assert.ok(await act.isDisabled(), "nothing goes before it was said what");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await proof.getByLabel("Current password").fill(administrator.password);
  await proof.getByRole("button", { name: "Continue" }).click();
  const all = "2 files, including the trash · 3 versions · 48 B · shared with 1 person, group or link";
  await dialog.getByText(all, { exact: true }).waitFor();
  await dialog.getByLabel("To confirm, enter the account’s e-mail address").fill("bob@example.org");
  await act.click();
  await dialog.getByText("This is not the account’s address. Nothing was deleted.").waitFor();
  await hasFocus(dialog.getByLabel("To confirm, enter the account’s e-mail address"));
  await assertUsable();
  assert.equal((await app.api.call("GET", `/admin/users/${id}/shred`)).status, 404);
  await dialog.getByLabel("To confirm, enter the account’s e-mail address").fill(bob.email);
  await page.keyboard.press("Enter");
  const progress = page.getByRole("dialog", { name: "Deleting the account of Bob" });
  await progress.getByText("All data of this account has been deleted from this server").waitFor({ timeout: 120_000 });
  await progress.getByText("This server has no record of any.").waitFor();
  await assertUsable();
  const { state, files } = await ok(app.api, "GET", `/admin/users/${id}/shred`);
  assert.deepEqual([state, files], ["done", 2]);
  await page.keyboard.press("Escape");
  await hasFocus(page.locator("#place"));
  await page.getByRole("button", { name: "Actions for Bob" }).waitFor({ state: "detached" });
  const { items } = await ok(app.api, "GET", "/admin/users");
  assert.ok(!items.some((user: { id: string }) => user.id === id));
});

test("a deleted account shows its deadline, and one with a pending transfer is not removed", async () => {
  app.expectComplaint(/status of 409/);
  const { page } = app;
  const carl = await app.addPerson("Carl");
  await carl.api.put("/c.txt", "for somebody else");
  await ok(carl.api, "POST", `/files/${await carl.api.idOf("/c.txt")}/transfer`, { email: administrator.email });
  // Accepted, because a pending offer would end with its owner's account.
  await queryDatabase(join(dirname(app.server.logFile), "data"), "update shard.transfers set accepted_at = 1");
  await ok(carl.api, "DELETE", "/account", { password: carl.password });
  await app.signIn();
  await app.open("/admin/accounts");
  await page.getByText("deleted; permanently removed on").waitFor();
  await choose("Carl", "Delete permanently…");
  const dialog = page.getByRole("dialog", { name: "Permanently delete the account of Carl?" });
  await dialog.getByLabel("To confirm, enter the account’s e-mail address").fill(carl.email);
  await dialog.getByText("not shared").waitFor();
  await dialog.getByRole("button", { name: "Delete permanently" }).click();
  await dialog
    .getByText(
      "The account cannot be deleted right now: it was enabled again, or a transfer from or to it is under way. Nothing was deleted.",
    )
    .waitFor();
  await assertUsable();
  await page.keyboard.press("Escape");
  await hasFocus(page.getByRole("button", { name: "Actions for Carl" }));
  await choose("Carl", "Enable");
  await page.getByText("deleted; permanently removed on").waitFor({ state: "detached" });
});

async function waysOf(api: Api): Promise<{ passkeys: number; outside: number }> {
  const [passkeys, linked] = [await ok(api, "GET", "/account/passkeys"), await ok(api, "GET", "/account/outside")];
  return { passkeys: passkeys.items.length, outside: linked.items.length };
}

test("a password reset removes passkeys and outside sign-ins only if those boxes are ticked", async () => {
  const { page } = app;
  // Passkeys require a host name, not an IP address.
  const origin = `http://localhost:${new URL(app.server.url).port}`;
  const { email, password } = await app.addPerson("Dora");
  let dora = await Api.signIn(origin, { email, password });
  const linked = await new OutsideVisit(origin).link(dora, { password }, "thief");
  assert.equal(linked.status, 201, JSON.stringify(linked.body));
  const { webauthn } = await ok(dora, "POST", "/account/passkeys", { password });
  const passkey = new TestPasskey(origin).create(webauthn);
  const { recovery_codes: codes } = await ok(dora, "POST", "/account/passkeys/confirm", { name: "Key", passkey });
  await app.signIn();
  await app.open("/admin/accounts");
  const set = async (next: string, ticked: readonly string[]) => {
    await choose("Dora", "Reset password…");
    const dialog = page.getByRole("dialog", { name: "Reset password…" });
    await dialog.getByLabel("Password", { exact: true }).fill(next);
    for (const name of ticked) await dialog.getByRole("checkbox", { name }).check();
    await assertUsable();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
  };
  const [first, second] = ["the first sentence for her", "the second sentence for her"] as const;
  await set(first, []);
  const withCode = { email, password: first, totp: codes[0] as string };
  dora = await Api.signIn(origin, withCode);
  assert.deepEqual(await waysOf(dora), { passkeys: 1, outside: 1 });
  await set(second, ["Remove passkeys too", "Unlink sign-ins through other services too"]);
  dora = await Api.signIn(origin, { email, password: second });
  assert.deepEqual(await waysOf(dora), { passkeys: 0, outside: 0 });

  const { name } = await ok(app.api, "GET", "/account");
  await choose(name, "Reset password…");
  const own = page.getByRole("dialog", { name: "Reset password…" });
  await own.getByText("Remove your own passkeys under Settings, Security.").waitFor();
  assert.ok(await own.getByRole("checkbox", { name: "Remove passkeys too" }).isDisabled());
});
