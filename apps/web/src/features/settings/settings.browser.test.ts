import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

test("a personal access token is shown once, has the chosen scopes, and stops working when removed", async () => {
  const { page, server } = app;
  await app.signIn();
  await app.open("/settings/tokens");
  await page.getByRole("button", { name: "Create token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialog.getByText("Fill in this field.").waitFor();
  await dialog.getByLabel("Name").fill("backup");
  await dialog.getByRole("button", { name: "Create token" }).click();
  const token = await dialog.getByRole("group", { name: "Token" }).innerText();
  const ask = (path: string) =>
    fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } }).then(
      ({ status }) => status,
    );
  assert.equal(await ask("/account"), 200);
  assert.equal(await ask("/devices"), 403);
  await dialog.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Read files").waitFor();
  assert.equal((await page.content()).includes(token), false, "it is shown once");
  await page.getByRole("button", { name: "Remove backup" }).click();
  await page.getByText("No tokens yet").waitFor();
  assert.equal(await ask("/account"), 401);
});

longTest("an app password needs the account's password, is shown once, and opens only its folder", async () => {
  app.expectComplaint(/status of 422/);
  const { page, server } = app;
  const hal = await app.addPerson("Hal");
  await ok(hal.api, "POST", "/metadata", { path: "/Photos", kind: "folder" });
  await app.signIn(hal);
  await app.open("/settings/tokens");
  await page.getByRole("button", { name: "Create app password" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Program").fill("camera");
  await dialog.getByLabel("Only this folder").fill("/Photos");
  await dialog.getByLabel("Current password").fill("a guess");
  await page.keyboard.press("Enter");
  await dialog.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  await dialog.getByLabel("Current password").fill(hal.password);
  assert.deepEqual(await axeProblems(page), []);
  await page.keyboard.press("Enter");
  const secret = await dialog.getByRole("group", { name: "App password" }).innerText();
  assert.equal(await dialog.getByRole("group", { name: "User name" }).innerText(), hal.email);
  assert.deepEqual(await axeProblems(page), []);
  const camera = Api.withBasic(server.url, hal.email, secret);
  assert.equal((await camera.put("/a.jpg", "a")).status, 201);
  assert.equal(String((await hal.api.download("/Photos/a.jpg")).body), "a");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText("One folder").waitFor();
  assert.equal((await page.content()).includes(secret), false, "it is shown once");
  await page.getByRole("button", { name: "Remove camera" }).click();
  await page.getByText("No app passwords yet").waitFor();
  assert.equal((await camera.call("GET", "/folders/root/contents")).status, 401);
});

longTest("another browser can be signed out alone, and all others at once", async () => {
  app.expectComplaint(/status of 401/);
  const { page, server } = app;
  // Other tests need the administrator's session.
  const dave = await app.addPerson("Dave");
  await app.signIn(dave);
  const others = [await Api.signIn(server.url, dave), await Api.signIn(server.url, dave)];
  await app.open("/settings/devices");
  const remove = page.getByRole("button", { name: /^Sign out / });
  const before = await remove
    .first()
    .waitFor()
    .then(() => remove.count());
  await remove.first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("checkbox", { name: "Remove the copies on this device too" }).check();
  await dialog.getByText(/Nothing is deleted while the device is off/).waitFor();
  await dialog.getByRole("button", { name: "Sign out and remove copies" }).click();
  const told = page.getByRole("region", { name: "Messages" });
  await told.getByText(/was signed out\./).waitFor();
  await page.waitForFunction((count) => document.querySelectorAll("main li button").length < count, before);
  await page.getByText(/Signed out .*\. Its copies are removed when it next connects/).waitFor();
  await app.open("/settings/security");
  await page.getByText("This browser").waitFor();
  await page.getByText(/Signed in .*, with the password/).waitFor();
  await page.getByRole("button", { name: "Sign out other sessions" }).click();
  await told.getByText("All other sessions were signed out.").waitFor();
  for (const other of others) assert.equal((await other.call("GET", "/account")).status, 401);
  await app.open("/settings/devices");
  await page.getByText("No devices yet").waitFor();
  const signedOut = page.getByRole("list", { name: "Signed-out devices" });
  await signedOut
    .getByText(/^Signed out .*\. Its synced folders still contain their files\.$/)
    .first()
    .waitFor();
  const asked = signedOut.getByRole("button", { name: /^Remove copies from / });
  const count = await asked.count();
  await asked.first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove copies" }).click();
  await told.getByText(/^Copies are removed when .* next connects\.$/).waitFor();
  await page.waitForFunction((most) => document.querySelectorAll("main li button").length < most, count);
});

longTest("a suspended device shows the reason and can be allowed to continue", async () => {
  const { page, server } = app;
  const eve = await app.addPerson("Eve");
  const pc = await Api.signIn(server.url, eve);
  const numbered = (operations: readonly object[]) => ({
    operations: operations.map((each) => ({ operation_id: randomBytes(16).toString("hex"), ...each })),
  });
  const making = Array.from({ length: 120 }, (_, index) => ({ op: "mkdir", parent_id: "root", name: `${index}` }));
  // Another device, because a device may delete what it has just created.
  const { results } = await ok(eve.api, "POST", "/sync/delta", numbered(making));
  const deleting = results.map(({ node }: { node: { id: string } }) => ({ op: "delete", file_id: node.id }));
  await ok(pc, "POST", "/sync/delta", numbered(deleting));
  await eventually("the device is stopped", 30_000, async () => {
    const { items } = await ok(pc, "GET", "/devices");
    return items.some(({ suspended }: { suspended: object | null }) => suspended !== null) || undefined;
  });
  await app.signIn(eve);
  await app.open("/settings/devices");
  await page.getByText(/Stopped: it rewrote 0 files and deleted 99 within an hour\./).waitFor();
  await page.getByRole("link", { name: "Rewind my files…" }).click();
  await page.getByText("99 items restored from trash").waitFor();
  await page.goBack();
  await page.getByRole("button", { name: /^Allow .* again$/ }).click();
  await page
    .getByRole("region", { name: "Messages" })
    .getByText(/can sync again\./)
    .waitFor();
  await page.getByText(/^Stopped:/).waitFor({ state: "detached" });
  assert.equal((await pc.call("POST", "/metadata", { path: "/again", kind: "folder" })).status, 201);
});

longTest("language, direction, time and theme apply immediately, after a reload and in other tabs", async () => {
  const { page } = app;
  await app.signIn();
  const other = await page.context().newPage();
  await other.goto(`${app.server.url}/settings/appearance`);
  await app.open("/settings/appearance");
  await page.getByRole("combobox", { name: "Language" }).selectOption("de");
  await page.getByRole("heading", { level: 1, name: "Aussehen" }).waitFor();
  await other.getByRole("heading", { level: 1, name: "Aussehen" }).waitFor();
  await page.getByLabel("Dunkel").check();
  await page.getByRole("combobox", { name: "Schreibrichtung" }).selectOption("rtl");
  await page.getByRole("combobox", { name: "Zeitformat" }).selectOption("h12");
  await page.getByText(/Beispiel: .*\s[AP]M/).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Aussehen" }).waitFor();
  await page.locator("html[lang=de][dir=rtl]").waitFor();
  await page.waitForFunction(() => getComputedStyle(document.documentElement).colorScheme === "dark");
  const box = await page.getByRole("navigation", { name: "Orte" }).first().boundingBox();
  assert.ok(box !== null && box.x > 720, "the navigation is at the start of the line, which is on the right");
});

longTest("notification settings are stored on the server", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/settings/notifications");
  const saved = page.waitForResponse((answer) => answer.request().method() === "PATCH" && answer.ok());
  await page.getByLabel("Someone comments").selectOption("off");
  assert.equal(await page.getByLabel("Someone comments").inputValue(), "off");
  await saved;
  const api = await Api.signIn(app.server.url);
  assert.equal((await api.call("GET", "/account")).body.notify.comment, "off");
});

longTest("low and full storage is announced in every place as it happens", async () => {
  const { page } = app;
  const dora = await app.addPerson("Dora");
  await ok(app.api, "PATCH", `/admin/users/${dora.email}`, { quota_bytes: 1000 });
  await dora.api.put("/a.txt", "a".repeat(799));
  await app.signIn(dora);
  await app.open("/files");
  const navigation = page.getByRole("navigation", { name: "Places" }).first();
  await navigation.getByText("799 B of 1000 B used").waitFor();
  assert.equal(await navigation.getByText(/full/).count(), 0);
  await dora.api.put("/b.txt", "b".repeat(2));
  await navigation.getByText("80% full", { exact: true }).waitFor();
  await dora.api.put("/c.txt", "c".repeat(150));
  await app.open("/settings/profile");
  await navigation.getByText("95% full", { exact: true }).waitFor();
  await page
    .getByRole("main")
    .getByText("Only 49 B left. Delete files and empty the trash. An administrator can raise the limit.")
    .waitFor();
  await dora.api.put("/d.txt", "d".repeat(49));
  await page.getByRole("main").getByText("Your storage is full").waitFor();
});

longTest("old versions that fill the storage are announced, and the settings name their file", async () => {
  const { page } = app;
  const frida = await app.addPerson("Frida");
  await ok(app.api, "PATCH", `/admin/users/${frida.email}`, { quota_bytes: 1000 });
  for (let version = 1; version <= 4; version += 1)
    await frida.api.put("/film.mp4", randomBytes(900), "&on_conflict=replace");
  await app.signIn(frida);
  await app.open("/settings/profile");
  await page
    .getByRole("navigation", { name: "Places" })
    .first()
    .getByText("Old versions and the trash use most")
    .waitFor();
  const main = page.getByRole("main");
  await main.getByText("(2.6 KiB)").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await main.getByRole("link", { name: "/film.mp4" }).click();
  await page.getByRole("button", { name: "Delete old versions…" }).waitFor();
});

test("a password change keeps this session and ends others, and a wrong password is reported at its field", async () => {
  app.expectComplaint(/status of (422|401)/);
  const { page, server } = app;
  const erik = await app.addPerson("Erik");
  await app.signIn(erik);
  await app.open("/settings/security");
  const send = async (current: string, wanted: string) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password").fill(wanted);
    await page.keyboard.press("Enter");
  };
  await send("not this one", "a new sentence of Erik");
  await page.getByText("Wrong password. If you forgot it, an administrator can reset it.").waitFor();
  await hasFocus(page.locator("[name=current]"));
  await send(erik.password, "short");
  await page.getByText("Use at least").waitFor();
  await send(erik.password, "Erik2026!");
  await page.getByText("This password is too easy to guess. Choose another one.").waitFor();
  await hasFocus(page.locator("[name=wanted]"));
  await send(erik.password, "a new sentence of Erik");
  await page
    .getByRole("region", { name: "Messages" })
    .getByText("Password changed. All other browsers and devices were signed out.")
    .waitFor();
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("[name=current]")?.value === "");
  assert.equal((await erik.api.call("GET", "/account")).status, 401);
  await page.reload();
  await page.getByText("This browser").waitFor();
  await Api.signIn(server.url, { email: erik.email, password: "a new sentence of Erik" });
});

longTest("an account can change its name, which the account menu then shows", async () => {
  const { page } = app;
  const gina = await app.addPerson("Gina");
  await app.signIn(gina);
  await app.open("/settings/profile");
  await page.getByRole("button", { name: "Change name" }).click();
  const field = page.getByRole("dialog").getByRole("textbox");
  await hasFocus(field);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  await page.keyboard.press("Enter");
  await page.getByText("Fill in this field.").waitFor();
  await hasFocus(field);
  await page.keyboard.type("Gina Lollo");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Account of Gina Lollo" }).waitFor();
  assert.equal((await gina.api.call("GET", "/account")).body.name, "Gina Lollo");
});
