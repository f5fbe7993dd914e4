import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

const version = { check: "versions", state: "ok", detail: "Holdfast 1.2.3, Node.js 24.0.0", advice: null };

const doctorRoute = /\/api\/v1\/admin\/doctor(?:\?|$)/;

/** Simulated, because the machine of a test is not well: it has no backup, and its disk is in memory. */
async function diagnose(...problems: readonly object[]): Promise<void> {
  const state = problems.length === 0 ? "ok" : "fail";
  const json = { state, checked_at: new Date().toISOString(), items: [version, ...problems] };
  await app.page.unroute(doctorRoute);
  await app.page.route(doctorRoute, (route) => route.fulfill({ json }));
}

test("an administrator sees that all is well, creates an account, and finds its actions in the audit log", async () => {
  const { page, server } = app;
  await diagnose();
  await app.signIn();
  await app.open("/admin");
  await page.getByText("All checks passed", { exact: true }).waitFor();
  await page.getByText(/^Checked (?:now|\d+ seconds ago)$/).waitFor();
  const facts = page.getByRole("region", { name: "At a glance" });
  await facts.getByText(version.detail).waitFor();
  await facts.getByText(/^\d+\s?% used, .+ free$/).waitFor();
  await facts.getByText("No backups are scheduled").waitFor();
  for (const name of ["New", "Upload"])
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 0, `${name} has no folder here`);

  await page.getByRole("link", { name: "Accounts", exact: true }).click();
  await page.getByRole("button", { name: "New account" }).click();
  const dialog = page.getByRole("dialog", { name: "New account" });
  await hasFocus(dialog.getByLabel("Name"));
  await page.keyboard.type("Greta");
  await dialog.getByLabel("E-mail address").fill("greta@example.org");
  await dialog.getByLabel("Password", { exact: true }).fill("short");
  await page.keyboard.press("Enter");
  await dialog.getByText(/^Use at least \d+ characters/).waitFor();
  await dialog.getByLabel("Password", { exact: true }).fill("a sentence of Greta");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  const accounts = page.getByRole("list", { name: "Accounts" }).getByRole("listitem");
  const greta = accounts.filter({ hasText: "greta@example.org" });
  await greta.getByText("Not signed in on any device").waitFor();

  await Api.signIn(server.url, { email: "greta@example.org", password: "a sentence of Greta" });
  await page.getByLabel("Search by name or e-mail address").fill("EXAMPLE.org gre");
  await page.getByText("1 account", { exact: true }).waitFor();
  assert.equal(await accounts.count(), 1);

  await page.getByRole("link", { name: "Audit log" }).click();
  const entries = page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  const created = entries.filter({ hasText: "Account created by an administrator" });
  await created.getByText("Greta", { exact: true }).waitFor();
  await page.getByLabel("Person", { exact: true }).fill("greta@example.org");
  await page.getByText(/^2 of \d+ entries$/).waitFor();
  assert.match(await entries.first().innerText(), /^Signed in\b[^]*Greta/, "the newest entry is the first");
});

longTest("problems are listed with advice, the most serious first, and a new check clears them", async () => {
  const { page } = app;
  await diagnose(
    {
      check: "backup",
      state: "warn",
      detail: "no backup has been made yet",
      advice: "Run 'holdfast admin backup DIR'.",
    },
    { check: "disk", state: "fail", detail: "/data: 1 MiB free", advice: "Free some space." },
  );
  await app.signIn();
  await app.open("/admin/overview");
  const list = page.getByRole("list", { name: "2 problems, most serious first" });
  await list.waitFor();
  const [first = "", second = ""] = await list.getByRole("listitem").allInnerTexts();
  assert.match(first, /^Server problem: disk space[^]*1 MiB free[^]*What to do: Free some space\.$/);
  assert.match(second, /^Server warning: backups[^]*What to do: Run 'holdfast admin backup DIR'\.$/);
  assert.deepEqual(await axeProblems(page), []);
  await diagnose();
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("All checks passed", { exact: true }).waitFor();
});

longTest("the last backup, the last drill and its problems are shown", async () => {
  const { page } = app;
  await diagnose();
  const hourMs = 3_600_000;
  const [made_at, done_at] = [2, 50].map((hours) => new Date(Date.now() - hours * hourMs).toISOString());
  const drill = { tried_at: done_at, done_at, problems: 1 };
  await page.route("**/api/v1/admin/backups", (route) =>
    route.fulfill({ json: { every_ms: 24 * hourMs, place: "/mnt/backups", made_at, drill } }),
  );
  await app.signIn();
  await app.open("/admin/overview");
  const facts = page.getByRole("region", { name: "At a glance" });
  await facts.getByText("2 hours ago").waitFor();
  await facts.getByText("/mnt/backups").waitFor();
  await facts.getByText("1 day", { exact: true }).waitFor();
  await facts.getByText("2 days ago").waitFor();
  await facts.getByText("1 problem", { exact: true }).waitFor();
  assert.equal(await facts.getByText("No backups are scheduled").count(), 0);
});

longTest("the account search keeps the list until the answer arrives, and continues after empty pages", async () => {
  const { page } = app;
  await app.addPerson("Hanna");
  await app.signIn();
  const { items } = (await app.api.call("GET", "/admin/users")).body;
  const held = Promise.withResolvers<void>();
  const asked: (string | null)[] = [];
  const listRoute = /\/api\/v1\/admin\/users\?/;
  await page.route(listRoute, async (route) => {
    const query = new URL(route.request().url()).searchParams;
    if (query.get("search") === null) return route.continue();
    asked.push(query.get("search"));
    await held.promise;
    return query.has("cursor")
      ? route.continue()
      : route.fulfill({ json: { items: [], next_cursor: "00000000-0000-8000-8000-000000000000" } });
  });
  await app.open("/admin/accounts");
  const accounts = page.getByRole("list", { name: "Accounts" }).getByRole("listitem");
  const count = (text: string) => page.getByRole("status").filter({ hasText: new RegExp(`^${text}$`) });
  await count(`${items.length} accounts`).waitFor();
  const request = page.waitForRequest(/\/admin\/users\?.*search=/);
  await page.getByLabel("Search by name or e-mail address").fill("HÄNNA");
  await request;
  assert.deepEqual([await accounts.count(), await count(`${items.length} accounts`).count()], [items.length, 1]);
  held.resolve();
  await count("1 account").waitFor();
  await accounts.filter({ hasText: "hanna@example.com" }).waitFor();
  assert.equal(await accounts.count(), 1);
  assert.deepEqual(asked, ["HÄNNA", "HÄNNA"]);
  await page.unroute(listRoute);
  await page.getByLabel("Search by name or e-mail address").fill("nobody");
  await page.getByText("No matching accounts").waitFor();
  await count("0 accounts").waitFor();
  assert.deepEqual(await axeProblems(page), []);
});

longTest("the account search waits for a pause in typing", async () => {
  const { page } = app;
  await app.signIn();
  await page.clock.install();
  await app.open("/admin/accounts");
  await page
    .getByRole("status")
    .filter({ hasText: /accounts?$/ })
    .waitFor();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(...new URL(request.url()).searchParams.getAll("search")));
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.getByLabel("Search by name or e-mail address").pressSequentially("nobody");
  await page.clock.resume();
  await page.getByText("No matching accounts").waitFor();
  assert.deepEqual(asked, ["nobody"]);
});

longTest("a duplicate address is reported at its field", async () => {
  app.expectComplaint(/status of 409/);
  const { page } = app;
  const { email } = await app.addPerson("Jana");
  await app.signIn();
  await app.open("/admin/accounts");
  await page.getByRole("button", { name: "New account" }).click();
  const dialog = page.getByRole("dialog", { name: "New account" });
  await dialog.waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await dialog.getByLabel("Name").fill("Jana");
  await dialog.getByLabel("E-mail address").fill(email);
  await dialog.getByLabel("Password", { exact: true }).fill("a sentence of Jana");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await dialog.getByText("Another account already uses this address.").waitFor();
});

longTest("the audit log ends with its period, and can load older entries even if none match yet", async () => {
  const { page } = app;
  await app.addPerson("Ida");
  await app.signIn();
  await app.open("/admin/audit");
  const entries = page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  await entries.first().waitFor();
  await page.getByLabel("To", { exact: true }).fill("2020-01-31");
  await page.getByText("No entries").waitFor();
  await page.getByLabel("To", { exact: true }).fill("");
  await entries.first().waitFor();
  const { items } = (await app.api.call("GET", "/admin/audit?limit=1")).body;
  await page.route(/\/api\/v1\/admin\/audit\?.*limit=1000/, async (route) => {
    const isFirst = !route.request().url().includes("cursor=");
    await (isFirst ? route.fulfill({ json: { items, next_cursor: "older" } }) : route.continue());
  });
  await page.getByLabel("Person", { exact: true }).fill("nobody at all");
  await page.getByText("0 found in the newest 1 entries. “Show more” searches older ones.").waitFor();
  await page.getByRole("button", { name: "Show more" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
});
