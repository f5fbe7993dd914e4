import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";

// Makes the server detect a problem soon.
const env = { HOLDFAST_SNAPSHOT_INTERVAL: "off", HOLDFAST_DOCTOR_PERIOD: "1s" };
const app = testApp({ serverOptions: { env } });

test("a notification arrives live, is marked as read when shown, and opens its item", async () => {
  const { page, api } = app;
  const dora = await app.addPerson("Dora");
  await app.signIn(dora);
  await app.open("/files");
  await page.getByRole("button", { name: "Notifications", exact: true }).click();
  const sheet = page.getByRole("dialog", { name: "Notifications" });
  await sheet.getByText("No notifications yet").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });

  await ok(api, "POST", "/metadata", { path: "/Trip", kind: "folder" });
  const trip = await api.idOf("/Trip");
  await ok(api, "POST", `/files/${trip}/share`, { email: dora.email, role: "editor", message: "For the summer" });
  await page.getByRole("button", { name: "Notifications: 1 new" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label")?.startsWith("Notifications"));
  await page.keyboard.press("Enter");
  await sheet.getByText("For the summer").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  const { name } = (await api.call("GET", "/account")).body;
  await eventually("it counts as read", 30_000, async () => {
    const { items } = (await dora.api.call("GET", "/notifications?unread=true")).body as {
      items: { kind: string }[];
    };
    return items.every(({ kind }) => kind !== "share") || undefined;
  });
  await page
    .getByRole("button", { name: "Notifications", exact: true, includeHidden: true })
    .waitFor({ state: "attached" });
  await sheet.getByRole("link", { name: `${name} shared “Trip” with you` }).click();
  await sheet.waitFor({ state: "detached" });
  await page.waitForURL(new RegExp(`/files/${trip}`));
});

longTest("a mention opens its comment, and a notification reports that access to its item has ended", async () => {
  const { page, api } = app;
  const doris = await app.addPerson("Doris");
  await app.signIn(doris);
  await app.open("/files");
  const { name } = (await api.call("GET", "/account")).body;
  const sheet = page.getByRole("dialog", { name: "Notifications" });
  await ok(api, "POST", "/metadata", { path: "/Walk", kind: "folder" });
  const walk = await api.idOf("/Walk");
  await ok(api, "POST", `/files/${walk}/share`, { email: doris.email, role: "editor" });
  await page.getByRole("button", { name: "Notifications: 1 new" }).click();
  await sheet.getByRole("link", { name: `${name} shared “Walk” with you` }).click();
  await sheet.waitFor({ state: "detached" });

  const text = (await api.put("/Walk/plan.txt", "plan")).body.id;
  const { id: dorisId } = (await doris.api.call("GET", "/account")).body;
  await ok(api, "POST", `/files/${text}/comments`, { text: "Look, Doris", mentions: [dorisId] });
  await page.getByRole("button", { name: "Notifications: 1 new" }).click();
  await sheet.getByRole("link", { name: `${name} mentioned you in “plan.txt”` }).click();
  await page.waitForURL(/panel=comments/);
  await page.getByText("Look, Doris").waitFor();

  const { items: permissions } = await ok(api, "GET", `/files/${walk}/permissions`);
  const { id: grant } = permissions.find(({ role }: { role: string }) => role === "editor");
  await ok(api, "DELETE", `/permissions/${grant}`);
  await app.open("/files");
  await page.getByRole("button", { name: "Notifications", exact: true }).click();
  const shared = sheet.getByRole("listitem").filter({ hasText: `${name} shared something with you` });
  await shared.getByText("You no longer have access to it.").waitFor();
  assert.equal(await shared.getByRole("link").count(), 0);
});

longTest("an offered transfer is accepted or declined in its notification", async () => {
  const { page, api } = app;
  const erik = await app.addPerson("Erik");
  await api.put("/gift.txt", "a gift");
  await api.put("/burden.txt", "a burden");
  for (const path of ["/gift.txt", "/burden.txt"])
    await ok(api, "POST", `/files/${await api.idOf(path)}/transfer`, { email: erik.email });
  await app.signIn(erik);
  await app.open("/files");
  await page.getByRole("button", { name: "Notifications: 2 new" }).click();
  const sheet = page.getByRole("dialog", { name: "Notifications" });
  const offer = (name: string) => sheet.getByRole("listitem").filter({ hasText: name });
  await offer("burden.txt").getByRole("button", { name: "Decline" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("“burden.txt” stays with its owner.").waitFor();
  await offer("gift.txt").getByRole("button", { name: "Accept" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("“gift.txt” will be yours in a moment.").waitFor();
  await eventually("it is Erik's", 30_000, async () => {
    const { body } = await erik.api.call("GET", "/metadata?path=/gift.txt");
    return body.role === "owner" || undefined;
  });
  // The new owner comes first. The old account, maybe in another database, is cleared afterwards.
  await eventually("nothing is on offer any more", 30_000, async () => {
    const { items } = (await api.call("GET", "/transfers")).body as { items: unknown[] };
    return items.length === 0 || undefined;
  });
});

longTest("only an administrator is notified of server problems, and has the switch for that", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/files");
  await page.getByRole("button", { name: /^Notifications: \d+ new$/ }).click();
  const sheet = page.getByRole("dialog", { name: "Notifications" });
  const told = sheet.getByRole("listitem").filter({ hasText: "Server warning: metadata copy in the store" });
  await told.getByText(/HOLDFAST_SNAPSHOT_INTERVAL is off/).waitFor();
  await told.getByText("What to do: Make backups").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await told.getByRole("link").click();
  await page.waitForURL(/\/admin\/overview$/);
  await page.locator("#place").getByText("Server warning: metadata copy in the store").waitFor();

  const choice = page.getByLabel("The server has a problem");
  await app.open("/settings/notifications");
  await choice.waitFor();
  // The administrator's page would keep polling with the other session.
  await page.goto("about:blank");
  await app.signIn(await app.addPerson("Fay"));
  await app.open("/settings/notifications");
  await page.getByLabel("Someone comments").waitFor();
  assert.equal(await choice.count(), 0);
});
