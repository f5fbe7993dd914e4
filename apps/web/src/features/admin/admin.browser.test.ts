import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { hasFocus } from "../../testing/focus.ts";
import { testApp } from "../../testing/test-app.ts";

// Permits a webhook to a private address. Its job fails.
const app = testApp({ serverOptions: { env: { HOLDFAST_WEBHOOK_PRIVATE: "true" } } });

longTest("an invitation creates an account, which can be given a quota, disabled and enabled", async () => {
  const { page, server } = app;
  await app.signIn();
  await app.open("/admin/invitations");
  await page.getByLabel("E-mail address").fill("carla@example.org");
  await page.getByRole("button", { name: "Create invitation" }).click();
  const link = await page.getByRole("group", { name: "Link" }).innerText();
  const carla = { email: "carla@example.org", password: "a sentence of Carla" };
  const made = await fetch(`${server.url}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...carla, name: "Carla", invite: link.split("#")[1] }),
  });
  assert.equal(made.status, 201);
  const api = await Api.signIn(server.url, carla);

  await app.open("/admin/accounts");
  const act = async (name: string) => {
    await page.getByRole("button", { name: "Actions for Carla" }).click();
    await page.getByRole("menuitem", { name, exact: true }).click();
  };
  await act("Set storage limit…");
  await page.getByLabel("Custom limit").check();
  await page.getByLabel("Size, such as 100 GiB").fill("x");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Enter a size, such as 100 GiB.").waitFor();
  await page.getByLabel("Size, such as 100 GiB").fill("2.5 GB");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("0 B of 2.5 GiB used").waitFor();
  assert.equal((await api.call("GET", "/account")).body.quota_bytes, 2.5 * 2 ** 30);
  await act("Set storage limit…");
  assert.equal(await page.getByLabel("Size, such as 100 GiB").inputValue(), "2560 MiB");
  await page.getByRole("button", { name: "Cancel" }).click();
  await act("Sign out everywhere");
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("Carla is signed out everywhere.").waitFor();
  assert.equal((await api.call("GET", "/account")).status, 401);
  api.token = (await Api.signIn(server.url, carla)).token;
  await act("Disable");
  await page.getByText("Disabled").waitFor();
  assert.equal((await api.call("GET", "/account")).status, 401);
  await act("Enable");
  await page.getByText("Disabled").waitFor({ state: "detached" });
});

longTest("a group can be created, get a member by address, and be deleted", async () => {
  app.expectComplaint(/status of 404/);
  const { page } = app;
  const bob = await app.addPerson("Bob");
  await app.signIn();
  await app.open("/admin/groups");
  await page.getByRole("button", { name: "New group" }).click();
  await hasFocus(page.getByRole("dialog", { name: "New group" }).getByRole("textbox"));
  await page.keyboard.type("Family");
  await page.keyboard.press("Enter");
  // Only members can share with the group.
  await page.getByText("1 member", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Members of Family" }).click();
  const dialog = page.getByRole("dialog", { name: "Family" });
  await dialog.getByLabel("E-mail address of an account").fill("nobody@example.org");
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText("No account has this address. Invite the person first.").waitFor();
  await dialog.getByLabel("E-mail address of an account").fill(bob.email);
  await dialog.getByRole("button", { name: "Add" }).click();
  await dialog.getByText(bob.email).waitFor();
  await hasFocus(dialog);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Actions for Family" }).click();
  await page.getByRole("menuitem", { name: "Delete group" }).click();
  await hasFocus(page.getByRole("dialog"));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Actions for Family");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Delete group" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete group" }).click();
  await page.getByText("No groups yet").waitFor();
});

longTest("a store check runs on request and reports no problems", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/admin/storage");
  await page.getByText("Never checked").waitFor();
  await page.getByRole("button", { name: "Check now" }).click();
  await page.getByText("No problems found").waitFor();
});

longTest(
  "a user without administrator rights sees that the pages are for administrators only, and they request nothing",
  async () => {
    const { page } = app;
    const dora = await app.addPerson("Dora");
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith("/api/v1/admin/")) asked.push(pathname);
    });
    await app.signIn(dora);
    await app.open("/admin/accounts");
    await page.getByText("Administrators only").waitFor();
    await page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    await page.getByText("Administrators only").waitFor();
    assert.deepEqual(asked, []);
    await app.signIn();
    await app.open("/admin/accounts");
    await page.getByText(dora.email).waitFor();
    assert.ok(asked.length > 0, "an administrator's requests are noticed");
  },
);

test("every setting shows its purpose and its source, and no secret", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/admin/settings");
  const list = page.getByRole("list", { name: "Settings" });
  const { items } = (await app.api.call("GET", "/admin/settings")).body as { items: { name: string; value: string }[] };
  await list.getByText(items.find(({ name }) => name === "listen")?.value ?? "", { exact: true }).waitFor();
  assert.equal(await list.getByRole("listitem").count(), items.length);
  const said = await list
    .getByRole("listitem")
    .evaluateAll((all) => all.map((item) => item.querySelectorAll("p").length));
  assert.deepEqual(new Set(said), new Set([2]), "what it does, and its value");
  const password = list.getByRole("listitem").filter({ hasText: "admin_password" });
  assert.match(await password.innerText(), /From the environment[^]*Set \(hidden\)/);
  assert.equal((await page.content()).includes(administrator.password), false);
  await page.getByLabel("Search settings").fill("first start");
  await page.getByText("2 settings").waitFor();
  await page.getByLabel("Search settings").fill("thumbnails");
  await page.getByRole("switch", { name: "Only changed settings" }).check();
  await page.getByText("No matching settings").waitFor();
});

longTest("an open invitation is listed without its secret, and stops working after it is revoked", async () => {
  const { page, server } = app;
  await app.signIn();
  await app.open("/admin/invitations");
  await page.getByLabel("E-mail address").fill("erik@example.org");
  await page.getByRole("button", { name: "Create invitation" }).click();
  const link = await page.getByRole("group", { name: "Link" }).innerText();
  const mail = await page.getByRole("link", { name: "Write an e-mail" }).getAttribute("href");
  assert.ok(
    mail?.startsWith("mailto:erik%40example.org?subject=") && mail.endsWith(encodeURIComponent(link)),
    mail ?? "",
  );
  const open = page.getByRole("list", { name: "Open invitations" });
  await open.getByText("erik@example.org").waitFor();
  await page.getByRole("button", { name: "Create another" }).click();
  await page.getByRole("group", { name: "Link" }).waitFor({ state: "detached" });
  assert.equal((await page.content()).includes(link.split("#")[1] ?? link), false, "it is shown once");
  await open.getByRole("button", { name: "Revoke: erik@example.org" }).click();
  await hasFocus(page.getByRole("dialog", { name: "Revoke this invitation?" }));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label")?.startsWith("Revoke: erik"));
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("No open invitations").waitFor();
  // The focused button was removed with its row.
  await hasFocus(page.locator("#place"));
  const made = await fetch(`${server.url}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      email: "erik@example.org",
      password: "a sentence of Erik",
      name: "Erik",
      invite: link.split("#")[1],
    }),
  });
  assert.equal(made.status, 403);
});

longTest("storage use and capacity are shown, and damage lists the affected files and advice", async () => {
  const { page } = app;
  await app.signIn();
  const figures = (more: object) => ({
    accounts: 3,
    accounts_disabled: 1,
    used_bytes: 2e9,
    stored_bytes: 3e9,
    packs: 7,
    pack_bytes: 2.5e9,
    live_bytes: 2e9,
    database_bytes: 5e7,
    disk_bytes: 1e11,
    disk_free_bytes: 5e9,
    ...more,
  });
  await app.open("/admin/storage");
  const stored = page.getByRole("region", { name: "Stored data" });
  await stored.getByText(/free$/).first().waitFor();
  assert.equal(await stored.getByText("damaged").count(), 0);
  // Simulated, as the test cannot damage a disk this thoroughly.
  const damaged = {
    hash: "a".repeat(64),
    pack_id: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    reason: "its bytes have another hash",
    found_at: "2026-01-02T03:04:05Z",
    files: [
      { node_id: (await app.api.call("GET", "/account")).body.root_id, path: "/a.txt", owner: "Ann", version: 1 },
    ],
  };
  const report = (await app.api.call("GET", "/admin/scrub")).body;
  await page.route("**/api/v1/admin/storage", (route) =>
    route.fulfill({ json: figures({ damaged_blocks: 2, unreadable_packs: 1 }) }),
  );
  await page.route("**/api/v1/admin/scrub", (route) => route.fulfill({ json: { ...report, damaged: [damaged] } }));
  await app.open("/admin/storage");
  await page.getByText("2 blocks are damaged").waitFor();
  await page.getByText("1 pack cannot be read").waitFor();
  await page.getByText("Disk almost full: 4.7 GiB free").waitFor();
  await page.getByText("3, 1 of them disabled").waitFor();
  await page.getByRole("list", { name: "Damaged files" }).getByText("Ann: /a.txt").waitFor();
});

longTest("a failing job shows its reason, can be retried, and is removed after a confirmation", async () => {
  const { page, api } = app;
  const url = "http://127.0.0.1:9/";
  await ok(api, "POST", "/webhooks", { url, secret: "a secret that is long enough", events: ["created"] });
  await api.put("/hooked.txt", "hooked");
  await app.signIn();
  await eventually("the call has failed", 30_000, async () => {
    const { items } = (await api.call("GET", "/admin/jobs")).body as { items: { problem: string | null }[] };
    return items.find(({ problem }) => problem !== null);
  });
  await app.open("/admin/jobs");
  const job = page.getByRole("list", { name: "Jobs" }).getByRole("listitem").first();
  await job
    .getByText("ECONNREFUSED")
    .or(job.getByText(/connect|refused|reach/i))
    .first()
    .waitFor();
  await job.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("The job will be retried.").waitFor();
  await job.getByRole("button", { name: "Remove…" }).click();
  await hasFocus(page.getByRole("dialog"));
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await job.getByRole("button", { name: "Remove…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("No waiting jobs").waitFor();
});

longTest("a reported link is disabled after a confirmation, and then returns 404", async () => {
  const { page, api, server } = app;
  const id = (await api.put("/reported.txt", "reported")).body.id;
  const { token } = await ok(api, "POST", `/files/${id}/share`, { link: true, role: "viewer" });
  await ok(api, "POST", "/links/report", { token, reason: "malware", text: "Look at it." });
  await app.signIn();
  await app.open("/admin/reports");
  const report = page.getByRole("list", { name: "Reports" }).getByRole("listitem");
  await report.getByText("Look at it.").waitFor();
  await page.getByRole("button", { name: "Resolve: reported.txt" }).click();
  await page.getByRole("menuitem", { name: "Disable link" }).click();
  await page.getByRole("dialog", { name: "Disable this link?" }).waitFor();
  assert.equal((await fetch(`${server.url}/s/${token}`)).status, 200, "nothing is done before the answer");
  await page.getByRole("dialog").getByRole("button", { name: "Disable link" }).click();
  await page.getByText("No reports").waitFor();
  assert.equal((await fetch(`${server.url}/s/${token}`)).status, 404);
  await page.getByRole("tab", { name: "All" }).click();
  await report.getByText(/resolved/).waitFor();
});
