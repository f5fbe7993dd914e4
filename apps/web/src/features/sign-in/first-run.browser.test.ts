import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { resize } from "../../testing/resize.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ isNew: true, size: "phone" });
const ann = { email: "o'hara@example.org", password: "a sentence of Ann" };
let setupLink = "";

async function anyInvitation(): Promise<string> {
  const api = await Api.signIn(app.server.url, ann);
  return (await api.call("POST", "/admin/invitations", {})).body.url;
}

test("the sign-in page of a new server explains how to set it up, also after a restart", async () => {
  const { page } = app;
  setupLink = await app.server.setupUrl;
  await app.whileStopped(async () => {});
  await app.open("/sign-in");
  await page.getByText("This server has not been set up yet").waitFor();
  await page.getByText("holdfast admin setup-link").waitFor();
  await page.getByText("If the server was started with --data FOLDER, add the same --data FOLDER.").waitFor();
  await hasFocus(page.getByLabel("E-mail address"));
  assert.deepEqual(await axeProblems(page), []);
});

test("the set-up link creates the administrator by keyboard after a restart, and explains the first steps", async () => {
  const { page, server } = app;
  await page.goto(setupLink);
  await page.getByRole("heading", { name: "Welcome", exact: true }).waitFor();
  await page.waitForURL((url) => url.hash === "");
  await page.reload();
  await page.getByText("If you reload this page, open the link again.").waitFor();
  await page.goto(setupLink);
  await page.getByRole("heading", { name: "Welcome", exact: true }).waitFor();
  await page.getByLabel("Your name").waitFor();
  assert.equal(page.url(), `${server.url}/setup`, "the token is gone from the address");
  assert.deepEqual(await axeProblems(page), []);
  await hasFocus(page.getByLabel("Your name"));
  for (const [index, text] of ["Ann O'Hara", ann.email, ann.password].entries()) {
    if (index > 0) await page.keyboard.press("Tab");
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your drive is ready" }).waitFor();
  assert.equal(
    await page.getByRole("group", { name: "Commands" }).innerText(),
    `npx --no-install holdfast login ${server.url} --email 'o'\\''hara@example.org'\nnpx --no-install holdfast sync ~/Drive`,
  );
  assert.deepEqual(await axeProblems(page), []);
  const api = await Api.signIn(server.url, ann);
  assert.equal((await api.call("GET", "/account")).body.admin, true);
});

longTest("a used set-up link is reported before any field is shown", async () => {
  app.expectComplaint(/status of 404/);
  const { page } = app;
  await page.goto(setupLink);
  await page.getByText("This link no longer works").waitFor();
  await page.getByText("sign in or ask for an invitation").waitFor();
  assert.equal(await page.getByRole("textbox").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
});

longTest("an incomplete set-up or invitation link is reported, without any field", async () => {
  const { page, server } = app;
  for (const link of [setupLink.slice(0, -1), `${server.url}/setup`, `${server.url}/setup#hfc_000_x`]) {
    await page.goto("about:blank");
    await page.goto(link);
    await page.getByText("including everything after the #").waitFor();
    assert.equal(await page.getByRole("textbox").count(), 0);
  }
});

longTest("an invitation shows what is shared, its address and its last day, and reports if it was used", async () => {
  app.expectComplaint(/status of 404/);
  const { page, server } = app;
  const api = await Api.signIn(server.url, ann);
  const { body: folder } = await api.call("POST", "/metadata", { path: "/Photos", kind: "folder" });
  const { body: invitation } = await api.call("POST", `/files/${folder.id}/share`, {
    email: "dora@example.org",
    role: "viewer",
  });
  await page.goto(invitation.invitation_url);
  await page.getByText("Ann O'Hara shared “Photos” with you.").waitFor();
  const email = page.getByLabel("E-mail address");
  await email.waitFor();
  assert.deepEqual([await email.inputValue(), await email.isEditable()], ["dora@example.org", false]);
  await page.getByText("Only this address can use the invitation.").waitFor();
  const day = new Date(invitation.invitation_expires_at).toLocaleDateString("en-GB", { month: "long" });
  assert.match(await page.locator("main").innerText(), new RegExp(`It expires .*${day.slice(0, 3)}`));
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("Your name").fill("Dora");
  await page.getByLabel("Password", { exact: true }).fill("a sentence of Dora");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your drive is ready" }).waitFor();
  await page.goto(`${server.url}/sign-in`);
  await page.goto(invitation.invitation_url);
  await page.getByText("This invitation has expired or was already used.").waitFor();
  assert.equal(await page.getByRole("textbox").count(), 0);
});

longTest("the account form also works if the invitation cannot be read", async () => {
  app.expectComplaint(/ERR_FAILED|Failed to load/);
  const { page, server } = app;
  const api = await Api.signIn(server.url, ann);
  const { body: invitation } = await api.call("POST", "/admin/invitations", { email: "emil@example.org" });
  await page.route("**/api/v1/accounts/invitation", (route) => route.abort());
  await page.goto(invitation.url);
  const email = page.getByLabel("E-mail address");
  await email.fill("emil@example.org");
  await page.getByLabel("Your name").fill("Emil");
  await page.getByLabel("Password", { exact: true }).fill("a sentence of Emil");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your drive is ready" }).waitFor();
});

longTest("each faulty field shows its problem, the first gets the focus, and the form can be sent again", async () => {
  app.expectComplaint(/status of 4(?:09|22)/);
  const { page, server } = app;
  const api = await Api.signIn(server.url, ann);
  const { body: invitation } = await api.call("POST", "/admin/invitations", {});
  await page.goto(invitation.url);
  const send = page.getByRole("button", { name: "Create account" });
  await send.click();
  const name = page.getByLabel("Your name");
  await hasFocus(name);
  assert.equal(await name.getAttribute("aria-invalid"), "true");
  await page.getByText("Enter an e-mail address, such as").waitFor();
  await page.getByText("Use at least 8 characters").waitFor();
  await name.fill("Carla");
  const email = page.getByLabel("E-mail address");
  await email.fill(ann.email);
  const password = page.getByLabel("Password", { exact: true });
  await password.fill("Carla2026");
  await send.click();
  await page.getByText("This password is too easy to guess. Choose another one.").waitFor();
  await hasFocus(password);
  await password.fill("a sentence of Carla");
  await send.click();
  await page.getByText("An account with this address already exists. Sign in instead.").waitFor();
  await hasFocus(email);
  await email.fill("carla@example.org");
  await send.click();
  await page.getByRole("heading", { name: "Your drive is ready" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Create invitation" }).count(), 0);
});

longTest("password managers find their fields, and a password can be shown", async () => {
  const { page, server } = app;
  const completions = async () =>
    page.locator("input").evaluateAll((fields) => fields.map((field) => field.getAttribute("autocomplete")));
  await page.goto(await anyInvitation());
  await page.getByLabel("Your name").waitFor();
  assert.deepEqual(await completions(), ["name", "username", "new-password"]);
  await page.goto(`${server.url}/sign-in`);
  const password = page.getByLabel("Password", { exact: true });
  await password.waitFor();
  assert.deepEqual(await completions(), ["username", "current-password"]);
  await password.fill("secret");
  await page.getByRole("button", { name: "Show password" }).click();
  await password.and(page.locator("[type=text]")).waitFor();
});

longTest("the pages before the sign-in fit a small phone and a large screen without horizontal scrolling", async () => {
  const { page, server } = app;
  const link = await anyInvitation();
  for (const [address, field] of [
    [`${server.url}/sign-in`, "E-mail address"],
    [link, "Your name"],
  ] as const) {
    await page.goto(address);
    await page.getByLabel(field).waitFor();
    for (const width of [320, 390, 1280]) {
      await resize(page, { width, height: 900 });
      const drawn = await page.evaluate<number>("document.documentElement.scrollWidth");
      assert.ok(drawn <= width, `${address} at ${width}`);
    }
  }
});
