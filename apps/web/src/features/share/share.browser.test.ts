import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { administrator, eventually, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { becomes } from "../../testing/files-app.ts";
import { filesPage } from "../../testing/files-page.ts";
import { hasFocus } from "../../testing/focus.ts";
import { signIn, testApp } from "../../testing/test-app.ts";

const app = testApp();

async function openSharing(path: string): Promise<void> {
  const id = await app.api.idOf(path);
  await app.open(`/files?open=${id}&panel=sharing`);
  await app.page.getByRole("heading", { name: "Links" }).waitFor();
}

test("Share opens the field, shares with several people by keyboard, and can revoke access", async () => {
  const [mia, beth] = [await app.addPerson("Mia"), await app.addPerson("Beth")];
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Holiday", kind: "folder" });
  await app.signIn();
  await app.open("/files");
  const { page } = app;
  await filesPage(page).row("Holiday").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Share…", exact: true }).click();
  const field = page.getByLabel("Add people");
  await hasFocus(field);
  await page.keyboard.type(mia.email);
  await page.getByRole("option").getByText("Mia", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove Mia", exact: true }).waitFor();
  await page.keyboard.type(`${beth.email},${mia.email}`);
  await page.getByRole("button", { name: `Remove ${beth.email}`, exact: true }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Backspace");
  await field.fill("");
  await page.getByRole("button", { name: "Permission: Can view", exact: true }).click();
  await page.getByRole("menuitemradio", { name: "Can edit" }).click();
  await field.press("Enter");
  for (const { email } of [mia, beth]) await page.getByRole("listitem").filter({ hasText: email }).waitFor();
  await page.getByRole("button", { name: "Remove Mia", exact: true }).waitFor({ state: "detached" });

  await field.fill(beth.email);
  await field.press("Enter");
  await page.getByText("already has access. Change the permission in the list.").waitFor();
  await field.fill("");

  const sharedWithMia = async (): Promise<readonly string[]> =>
    (await ok(mia.api, "GET", "/shared-with-me")).items.map(({ node }: { node: { name: string } }) => node.name);
  await becomes(sharedWithMia, ["Holiday"]);
  const changed = page.waitForResponse((answer) => answer.request().method() === "PATCH" && answer.ok());
  await page.getByRole("button", { name: "Permission for Mia: Can edit" }).click();
  await page.getByRole("menuitemradio", { name: "Can view" }).click();
  await changed;
  await hasFocus(page.getByRole("button", { name: "Permission for Mia: Can view" }));
  await page.getByRole("button", { name: "Permission for Mia: Can view" }).click();
  await page.getByRole("menuitem", { name: "Remove access" }).click();
  await page.getByText("Mia", { exact: true }).waitFor({ state: "detached" });
  await hasFocus(field);
  assert.deepEqual(await sharedWithMia(), []);

  const trip = await ok(app.api, "POST", "/metadata", { path: "/Next holiday", kind: "folder" });
  await page.goto(`${app.server.url}/files?open=${trip.id}&panel=sharing`);
  await field.fill("be");
  await page.getByRole("option").getByText("Beth", { exact: true }).click();
  await page.getByRole("button", { name: "Remove Beth", exact: true }).waitFor();
  const shares = await ok(app.api, "GET", `/files/${id}/permissions`);
  assert.deepEqual(
    shares.items.map(({ role, grantee }: { role: string; grantee: { name: string } }) => [role, grantee.name]),
    [["editor", "Beth"]],
  );
});

test("beside an opened file, sharing works by keyboard, and reports access before the list has loaded", async () => {
  const email = "pat@example.com";
  await app.api.put("/poem.txt", "roses");
  const id = await app.api.idOf("/poem.txt");
  await ok(app.api, "POST", `/files/${id}/share`, { email, role: "viewer" });
  const { page } = app;
  const listing = Promise.withResolvers<void>();
  await page.route("**/permissions", async (route) => {
    if (route.request().method() === "GET") await listing.promise;
    await route.continue();
  });
  await app.signIn();
  await app.open(`/files?open=${id}&panel=sharing`);
  const field = page.getByLabel("Add people");
  await field.fill(email);
  await page.getByRole("option").waitFor();
  await field.press("Escape");
  await field.press("Enter");
  await page.locator("button[aria-busy=true]", { hasText: "Share" }).waitFor();
  listing.resolve();
  await page.getByText("already has access. Change the permission in the list.").waitFor();

  await field.fill("");
  const role = page.getByRole("button", { name: `Permission for ${email}: Can view` });
  await role.press("Enter");
  await hasFocus(page.getByRole("menuitemradio", { name: "Can view" }));
  const changed = page.waitForResponse((answer) => answer.request().method() === "PATCH" && answer.ok());
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await changed;
  const commenter = page.getByRole("button", { name: `Permission for ${email}: Can comment` });
  await hasFocus(commenter);

  // A busy machine handles several key presses before any timer.
  await commenter.press("Enter");
  await hasFocus(page.getByRole("menuitemradio", { name: "Can view" }));
  await page.evaluate(() => {
    for (const key of ["ArrowDown", "ArrowDown", "Enter"])
      document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
  await hasFocus(page.getByRole("button", { name: `Permission for ${email}: Can edit` }));
});

longTest("a shared folder can be added to the recipient's files, and left", async () => {
  const kim = await app.addPerson("Kim");
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Recipes", kind: "folder" });
  await app.api.put("/Recipes/cake.txt", "flour");
  const group = await ok(app.api, "POST", "/groups", { name: "Cooks" });
  for (const api of [app.api, kim.api]) {
    const account = await ok(api, "GET", "/account");
    await ok(app.api, "PUT", `/groups/${group.id}/members/${account.id}`, { role: "member" });
  }
  await ok(app.api, "POST", `/files/${id}/share`, { email: kim.email, role: "viewer" });
  const ofGroup = await ok(app.api, "POST", `/files/${id}/share`, { group_id: group.id, role: "viewer" });
  const page = await app.another();
  await signIn(page, app.server.url, kim);
  await page.goto(`${app.server.url}/files/${id}`);
  await page.getByText("Owner: Administrator").waitFor();
  await page.getByRole("navigation", { name: "Path" }).getByRole("link", { name: "Shared" }).click();
  const toolbar = page.getByRole("toolbar");
  await filesPage(page).row("Recipes").click();
  await toolbar.getByRole("button", { name: "Add to my files" }).click();
  await page.getByRole("region", { name: "Messages" }).getByText("Recipes is now in your files").waitFor();
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByText("cake.txt").first().waitFor();
  await page.goto(`${app.server.url}/files`);
  await filesPage(page).seen("Recipes");

  // One row for two permissions. The account cannot leave what a group gives it.
  await page.goto(`${app.server.url}/shared`);
  await filesPage(page).row("Recipes").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Open", exact: true }).waitFor();
  assert.equal(await page.getByRole("menuitem", { name: /^(?:Add to my files|Leave…)$/ }).count(), 0);
  await ok(app.api, "DELETE", `/permissions/${ofGroup.id}`);
  await page.goto(`${app.server.url}/shared`);
  await filesPage(page).row("Recipes").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Leave…" }).click();
  await page
    .getByRole("dialog", { name: "Leave Recipes?" })
    .getByRole("button", { name: "Leave", exact: true })
    .click();
  await page.getByText("You left Recipes").first().waitFor();
  await filesPage(page).row("Recipes").waitFor({ state: "detached" });
  const { items } = await ok(kim.api, "GET", "/shared-with-me");
  assert.deepEqual(items, []);
});

longTest("an owner offers a folder to a person with access, sees the offer and withdraws it", async () => {
  const otto = await app.addPerson("Otto");
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Estate", kind: "folder" });
  await ok(app.api, "POST", `/files/${id}/share`, { email: otto.email, role: "viewer" });
  await app.signIn();
  await app.open(`/files/${id}?panel=sharing`);
  const { page } = app;
  const row = page.getByRole("listitem").filter({ hasText: otto.email });
  await row.getByRole("button", { name: "Permission for Otto: Can view" }).click();
  await page.getByRole("menuitem", { name: "Transfer ownership…" }).click();
  const dialog = page.getByRole("dialog", { name: "Transfer ownership of Estate?" });
  await dialog.getByText(`Otto (${otto.email}) has 14 days to accept the offer.`).waitFor();
  await dialog.getByText("All links to it, and to anything in it, stop working.").waitFor();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]:not([aria-hidden=true])" }), []);
  await dialog.getByRole("button", { name: "Send offer" }).click();
  await page.getByText(/^Otto can accept ownership until /).waitFor();
  await row.getByText("ownership offered").waitFor();
  const offers = async () =>
    (await ok(otto.api, "GET", "/transfers")).items.map(({ node }: { node: { id: string } }) => node.id);
  assert.deepEqual(await offers(), [id]);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Withdraw offer" }).click();
  await page.getByRole("button", { name: "Transfer ownership…" }).waitFor();
  assert.deepEqual(await offers(), []);
});

longTest("a transfer by address needs a proof, reports mistakes, and completes when it is accepted", async () => {
  app.expectComplaint(/status of (?:403|409|422)/);
  const [nora, emil] = [await app.addPerson("Nora"), await app.addPerson("Emil")];
  const owner = await app.addPerson("Olga");
  const { id } = await ok(owner.api, "POST", "/metadata", { path: "/Legacy", kind: "folder" });
  await ok(owner.api, "POST", `/files/${id}/share`, { email: emil.email, role: "editor" });
  await app.signIn(owner);
  const { page } = app;
  await app.open(`/files/${id}?panel=sharing`);
  const { id: ownerId } = await ok(owner.api, "GET", "/account");
  const age = `update shard.sessions set proven_at = 1 where user_id = '${ownerId}'`;
  await queryDatabase(join(dirname(app.server.logFile), "data"), age);
  const dialog = page.getByRole("dialog", { name: "Transfer ownership of Legacy?" });
  const send = dialog.getByRole("button", { name: "Send offer" });
  await page.getByRole("button", { name: "Transfer ownership…" }).click();
  const field = dialog.getByLabel("E-mail address of the new owner");
  await hasFocus(field);
  await field.fill("nora");
  await send.click();
  await dialog.getByText("Enter an e-mail address, such as mia@example.org.").waitFor();
  await field.fill(owner.email.toUpperCase());
  await dialog.getByText("This is your own account. Choose another one.").waitFor();
  await field.fill("nobody@example.com");
  await send.click();
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByRole("button", { name: "Cancel" }).click();
  await dialog.getByText("Nothing was changed: your identity was not confirmed.").waitFor();
  await send.click();
  await proof.getByLabel("Current password").fill(owner.password);
  await proof.getByRole("button", { name: "Continue" }).click();
  await dialog.getByText("No account has confirmed this address. Only an account can own files.").waitFor();
  await field.fill(nora.email);
  await field.press("Enter");
  await page.getByText(/^Nora can accept ownership until /).waitFor();

  await page.getByRole("button", { name: /^Permission for Emil: / }).click();
  await page.getByRole("menuitem", { name: "Transfer ownership…" }).click();
  await send.click();
  await dialog.getByText("This is already offered to another account. Withdraw that offer first.").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.goto("about:blank");
  const { items } = await ok(nora.api, "GET", "/transfers");
  await ok(nora.api, "POST", `/transfers/${items[0].id}/accept`);
  await eventually("the transfer is done", 30_000, async () => {
    const { items: left } = await ok(owner.api, "GET", "/transfers");
    return left.length === 0 || undefined;
  });
  assert.equal((await ok(nora.api, "GET", "/metadata?path=/Legacy")).role, "owner");
  await app.open("/shared");
  await filesPage(page).seen("Legacy");
});

longTest("an app password for a folder is listed apart from its links, and can be revoked there", async () => {
  const folder = await ok(app.api, "POST", "/metadata", { path: "/Scans", kind: "folder" });
  const made = { name: "Scanner", scopes: ["files:write"], folder_id: folder.id, password: administrator.password };
  await ok(app.api, "POST", "/tokens/app-passwords", made);
  await app.signIn();
  await openSharing("/Scans");
  const { page } = app;
  await page.getByRole("heading", { name: "App passwords for this folder" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  assert.equal(await page.getByRole("button", { name: /^Delete / }).count(), 0);
  await page.getByRole("button", { name: "Revoke Scanner" }).click();
  await page.getByText("The program that uses this app password loses access to the folder immediately.").waitFor();
  await page.getByRole("button", { name: "Revoke app password", exact: true }).click();
  await page.getByRole("heading", { name: "App passwords for this folder" }).waitFor({ state: "detached" });
  const { items } = await ok(app.api, "GET", "/tokens");
  assert.deepEqual(
    items.filter(({ name }: { name: string }) => name === "Scanner"),
    [],
  );
});

longTest("a server without mail refers the user to an administrator for the invitation link", async () => {
  const ben = await app.addPerson("Ben");
  await ok(ben.api, "POST", "/metadata", { path: "/Own", kind: "folder" });
  const page = await app.another();
  await signIn(page, app.server.url, ben);
  await page.goto(`${app.server.url}/files/${await ben.api.idOf("/Own")}?panel=sharing`);
  await page.getByText("This server sends no e-mail: an administrator has the invitation link").waitFor();
  await page.getByLabel("Add people").fill("new@example.com");
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page
    .getByText("This server sends no e-mail. An administrator has the invitation link for new@example.com.")
    .waitFor();
});

longTest("text that is no address is reported at the field, and nothing is shared", async () => {
  await app.api.put("/plan.txt", "a plan");
  await app.signIn();
  await openSharing("/plan.txt");
  await app.page.getByLabel("Add people").fill("mia");
  await app.page.getByRole("button", { name: "Share", exact: true }).click();
  await app.page.getByText("Choose a suggestion, or enter an e-mail address such as mia@example.org.").waitFor();
});

test("a link with a password opens for a visitor who has it, has a QR code, and ends when deleted", async () => {
  await app.api.put("/letter.txt", "Dear stranger");
  await app.signIn();
  await openSharing("/letter.txt");
  const { page } = app;
  await page.getByRole("button", { name: "New link" }).click();
  await page.locator("input[name=password]").fill("open sesame");
  await page.getByRole("button", { name: "Create link" }).click();
  const address = await page.getByLabel("Link address").innerText();
  await page.getByRole("img", { name: "QR code for this link" }).waitFor();
  assert.match(address, /\/s\/hfl_/);

  // The stranger's page logs these errors when the link ends.
  app.expectComplaint(/status of 401 .*\/(?:poll|links\/current)/);
  const stranger = await app.another();
  await stranger.goto(address);
  await stranger.getByLabel("Link password").fill("open sesame");
  await stranger.getByRole("button", { name: "Open", exact: true }).click();
  await stranger.getByText("letter.txt").first().waitFor();

  await page.getByText("Not shared with any person or group.").waitFor();
  await page.getByRole("button", { name: /^Delete Link created/ }).click();
  await page.getByRole("button", { name: "Delete link", exact: true }).click();
  await page.getByRole("button", { name: /^Delete Link created/ }).waitFor({ state: "detached" });
  await stranger.getByText("It does not exist or has expired. Ask the person who sent it for a new one.").waitFor();
  assert.equal((await fetch(address)).status, 404);
});

longTest("one click copies a viewer link, and later clicks copy the same link", async () => {
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Trip", kind: "folder" });
  await app.api.put("/Trip/photo.txt", "a photo");
  await ok(app.api, "POST", `/files/${id}/share`, { link: true, role: "viewer", password: "other" });
  await app.signIn();
  const { page } = app;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = (): Promise<string> => page.evaluate("navigator.clipboard.readText()");
  const isCopied = page.getByRole("region", { name: "Messages" }).getByText("Link copied", { exact: true });
  await app.open("/files");
  await filesPage(page).row("Trip").click();
  await page.getByRole("toolbar").getByRole("button", { name: "Copy link" }).click();
  await isCopied.waitFor();
  const address = await copied();
  const stranger = await app.another();
  await stranger.goto(address);
  await stranger.getByText("photo.txt").first().waitFor();

  await page.evaluate("navigator.clipboard.writeText('')");
  await page.getByRole("button", { name: "Change", exact: true }).click();
  const link = page.getByRole("listitem").filter({ hasNotText: "with password" }).filter({ hasText: "Link created" });
  await link.getByRole("button", { name: /^Copy Link created/ }).click();
  await isCopied.first().waitFor();
  await becomes(async () => [await copied()], [address]);
  await link.getByRole("button", { name: /^Show the address and QR code/ }).click();
  assert.equal(await link.getByLabel("Link address").innerText(), address);
  assert.deepEqual(await axeProblems(page), []);

  await page.evaluate("navigator.clipboard.writeText('')");
  await filesPage(page).row("Trip").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Copy link", exact: true }).click();
  await becomes(async () => [await copied()], [address]);
  const { items } = await ok(app.api, "GET", `/files/${id}/permissions`);
  assert.equal(items.length, 2, "no second link was created");
  await app.open(`/files?open=${await app.api.idOf("/Trip/photo.txt")}&panel=details`);
  await page.getByText("Shared through a parent folder: 2 links", { exact: true }).waitFor();
  await app.open("/shared?by=me");
  await filesPage(page).row("Trip").getByRole("gridcell", { name: "2 links" }).waitFor();
});

longTest("an editor sees all permissions, and can change only those that they created", async () => {
  const [eve, guest] = [await app.addPerson("Eve"), await app.addPerson("Gus")];
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Plans", kind: "folder" });
  await ok(app.api, "POST", `/files/${id}/share`, { email: eve.email, role: "editor" });
  await ok(app.api, "POST", `/files/${id}/share`, { link: true, role: "viewer", name: "For the office" });
  await ok(eve.api, "POST", `/files/${id}/share`, { email: guest.email, role: "viewer" });
  const page = await app.another();
  await signIn(page, app.server.url, eve);
  await page.goto(`${app.server.url}/files/${id}?panel=sharing`);
  await page.getByRole("button", { name: "Permission for Gus: Can view" }).waitFor();
  await page.getByRole("listitem").filter({ hasText: "Can edit" }).getByText("Eve", { exact: true }).waitFor();
  await page.getByText("For the office").waitFor();
  for (const name of [/ For the office$/, /^Permission for Eve/])
    assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
});

longTest("a long address is shown in full on a narrow screen", async () => {
  const email = "bartholomew.featherstonehaugh@accounting.example.org";
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/Narrow", kind: "folder" });
  await ok(app.api, "POST", `/files/${id}/share`, { email, role: "viewer" });
  await app.signIn();
  await app.page.setViewportSize({ width: 400, height: 850 });
  await openSharing("/Narrow");
  const item = app.page.getByRole("listitem").filter({ hasText: email });
  const name = item.getByText(email, { exact: true });
  await name.waitFor();
  assert.ok(
    await name.evaluate((node) => (node.parentElement?.scrollWidth ?? 0) <= (node.parentElement?.clientWidth ?? 0)),
  );
  const box = await item.boundingBox();
  assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 400, JSON.stringify(box));
});
