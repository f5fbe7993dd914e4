import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

async function rules(): Promise<Record<string, unknown>[]> {
  return (await ok(app.api, "GET", "/admin/access-rules"))["items"] as Record<string, unknown>[];
}

test("a rule can require a second factor with a grace period, allow a network, and be deleted", async () => {
  const { page } = app;
  const { id } = await ok(app.api, "POST", "/groups", { name: "Office" });
  await app.signIn();
  await app.open("/admin/access");
  await page.getByText("No requirements").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "New rule" }).click();
  const dialog = page.getByRole("dialog", { name: "New rule" });
  await dialog.getByLabel("Require a second factor").check();
  await dialog.getByLabel("Grace period in days").fill("many");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Enter a whole number from 0").waitFor();
  await dialog.getByText("Fill in this field.").waitFor();
  await dialog.getByLabel("Group", { exact: true }).selectOption({ label: "Office" });
  await dialog.getByLabel("Grace period in days").fill("30");
  await dialog.getByLabel("Allowed addresses").fill("192.0.2.0/24, 2001:db8::/32");
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  const savedAtMs = Date.now();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Only from 192.0.2.0/24 and 2001:db8::/32").waitFor();
  const [rule] = await rules();
  assert.deepEqual([rule?.["of"], rule?.["id"], rule?.["addresses"]], ["group", id, ["192.0.2.0/24", "2001:db8::/32"]]);
  const dueAt = rule?.["second_factor_due_at"] as string;
  const graceMs = Date.parse(dueAt) - savedAtMs;
  assert.ok(Math.abs(graceMs - 30 * 86_400_000) < 10 * 60_000, `${graceMs} ms of grace`);

  // Only changed values are sent, so the due date stays.
  await page.getByRole("button", { name: "Change the rule for Office" }).click();
  await page.getByRole("dialog").getByLabel("Allowed addresses").fill("192.0.2.0/24");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Only from 192.0.2.0/24", { exact: true }).waitFor();
  assert.equal((await rules())[0]?.["second_factor_due_at"], dueAt);
  await page.getByRole("button", { name: "Change the rule for Office" }).click();
  await page.getByRole("dialog").getByLabel("Allowed addresses").fill("");
  await page.getByRole("dialog").getByLabel("Require a second factor").uncheck();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  // Elements behind an open dialog have no role.
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Change the rule for Office" }).waitFor({ state: "detached" });
  assert.deepEqual(await rules(), []);
});

test("a rule cannot shut out the administrator who sets it, and must name an existing account or group", async () => {
  app.expectComplaint(/status of (?:404|409|422) .*\/admin\/access-rules/);
  const { page } = app;
  await app.signIn();
  await app.open("/admin/access");
  await page.getByRole("button", { name: "Change the rule for All accounts" }).click();
  const all = page.getByRole("dialog", { name: "All accounts" });
  await all.getByText("This browser’s address is 127.0.0.1").waitFor();
  await all.getByLabel("Allowed addresses").fill("the office");
  await all.getByRole("button", { name: "Save" }).click();
  await all
    .getByText("One of the lines is not an address or network. Use the form 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.")
    .waitFor();
  await all.getByLabel("Allowed addresses").fill("192.0.2.0/24");
  await all.getByRole("button", { name: "Save" }).click();
  await all.getByText("This would lock you out: this browser’s address is 127.0.0.1").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "New rule" }).click();
  const anew = page.getByRole("dialog", { name: "New rule" });
  await anew.getByLabel("One account").check();
  await anew.getByLabel("Account’s e-mail address").fill("nobody@example.org");
  await anew.getByLabel("Allowed addresses").fill("192.0.2.0/24");
  await anew.getByRole("button", { name: "Save" }).click();
  await anew.getByText("No group or account with this name or address was found.").waitFor();
  assert.deepEqual(await rules(), []);
});

test("an account restricts its addresses after its password, and cannot shut itself out", async () => {
  app.expectComplaint(/status of (?:409|422) .*\/account\/addresses/);
  const { page } = app;
  const person = await app.addPerson("Kim");
  await app.signIn(person);
  await app.open("/settings/security");
  const card = page.getByRole("region", { name: "Allowed addresses" });
  await card.getByText("From anywhere").waitFor();
  await card.getByRole("button", { name: "Change" }).click();
  const dialog = page.getByRole("dialog", { name: "Allowed addresses" });
  await dialog.getByLabel("Allowed addresses").fill("192.0.2.0/24");
  await dialog.getByLabel("Current password").fill(person.password);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("This would lock you out: this browser’s address is").waitFor();
  await dialog.getByLabel("Allowed addresses").fill("192.0.2.0/24\n127.0.0.0/8");
  await dialog.getByLabel("Current password").fill("a guess");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  await dialog.getByLabel("Current password").fill(person.password);
  await dialog.getByRole("button", { name: "Save" }).click();
  await card.getByText("Only from 192.0.2.0/24 and 127.0.0.0/8").waitFor();
  const own = await ok(person.api, "GET", "/account/addresses");
  assert.deepEqual(own["addresses"], ["192.0.2.0/24", "127.0.0.0/8"]);
});
