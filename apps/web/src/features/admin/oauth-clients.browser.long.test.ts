import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { administrator, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { hasFocus } from "../../testing/focus.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp({ size: "phone", isTouch: true, isDark: true });
const data = () => join(dirname(app.server.logFile), "data");

async function registered(): Promise<Record<string, unknown>[]> {
  return (await ok(app.api, "GET", "/admin/oauth-clients"))["items"] as Record<string, unknown>[];
}

async function find(id: string): Promise<Record<string, unknown> | undefined> {
  return (await registered()).find((program) => program["id"] === id);
}

/** The server checks the secret before the invalid code, so the error tells if the secret is right. */
async function answerTo(id: string, secret: string): Promise<string> {
  const response = await fetch(`${app.server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: "none",
      code_verifier: "v".repeat(43),
      redirect_uri: "https://reader.example/back",
    }),
  });
  return ((await response.json()) as { error: string }).error;
}

test("a program is registered by keyboard after a proof, and its working secret is shown only once", async () => {
  // An invalid address, and a session too old.
  app.expectComplaint(/status of (?:403|422)/);
  const { page } = app;
  await app.signIn();
  await app.open("/admin/programs");
  await page.getByText("No programs").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Register program" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Register program" });
  await hasFocus(dialog.getByLabel("Name"));
  await page.keyboard.press("Enter");
  await dialog.getByText("Fill in this field.").waitFor();
  await page.keyboard.type("Reader");
  await dialog.getByLabel("Redirect addresses").fill("http://reader.example/back");
  await dialog.getByLabel("Read their files").uncheck();
  await dialog.getByLabel("See and change their account").check();
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width);
  await dialog.getByRole("button", { name: "Register program" }).click();
  await dialog.getByText("One of the lines is not a valid redirect address.").waitFor();
  assert.deepEqual(await registered(), []);
  await dialog.getByLabel("Redirect addresses").fill("https://reader.example/back\nhttps://reader.example/a;b,c");
  await dialog.getByLabel("Addresses after sign-out").fill("https://reader.example/bye");
  await queryDatabase(data(), "update shard.sessions set proven_at = 1");
  await dialog.getByRole("button", { name: "Register program" }).click();
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByLabel("Current password").fill(administrator.password);
  await proof.getByRole("button", { name: "Continue" }).click();

  const made = page.getByRole("dialog", { name: "Reader was registered" });
  const id = await made.getByRole("group", { name: "Client ID" }).innerText();
  const secret = await made.getByRole("group", { name: "Client secret" }).innerText();
  assert.equal(await made.getByRole("button", { name: "Copy" }).count(), 2);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("Escape");
  assert.ok(await made.isVisible(), "what is shown once is not lost by a key");
  assert.equal(await answerTo(id, secret), "invalid_grant");
  assert.equal(await answerTo(id, `${secret}x`), "invalid_client");
  await made.getByRole("button", { name: "Done" }).click();
  const list = page.getByRole("list", { name: "Programs" });
  await list.getByText("Permissions: See and change their account").waitFor();
  await list.getByText(id).waitFor();
  assert.equal((await page.content()).includes(secret), false);
  assert.deepEqual(await axeProblems(page), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), sizes.phone.width);
  const [{ created_at: _, ...program } = {}] = await registered();
  assert.deepEqual(program, {
    id,
    name: "Reader",
    redirect_uris: ["https://reader.example/back", "https://reader.example/a;b,c"],
    post_logout_redirect_uris: ["https://reader.example/bye"],
    scopes: ["account"],
    public: false,
  });
  await app.open("/admin/programs");
  await list.getByText(id).waitFor();
  assert.equal((await page.content()).includes(secret), false);
});

test("a public program returns to localhost, learns only the account's identity, and is removed after a confirmation", async () => {
  const { page } = app;
  await app.signIn();
  await app.open("/admin/programs");
  await page.getByRole("button", { name: "Register program" }).click();
  const dialog = page.getByRole("dialog", { name: "Register program" });
  await dialog.getByLabel("Name").fill("Sketcher");
  await dialog.getByLabel("On people’s devices, without a secret").check();
  await dialog.getByLabel("Redirect addresses").fill("http://127.0.0.1/back");
  await dialog.getByLabel("Read their files").uncheck();
  await dialog.getByRole("button", { name: "Register program" }).click();
  const made = page.getByRole("dialog", { name: "Sketcher was registered" });
  const id = await made.getByRole("group", { name: "Client ID" }).innerText();
  assert.equal(await made.getByRole("group").count(), 1, "there is no secret");
  await made.getByRole("button", { name: "Done" }).click();
  const item = page.getByRole("list", { name: "Programs" }).getByRole("listitem").filter({ hasText: id });
  await item.getByText("Without a secret").waitFor();
  await item.getByText("Permissions: none").waitFor();
  const program = await find(id);
  assert.deepEqual([program?.["public"], program?.["scopes"]], [true, []]);

  await page.getByRole("button", { name: "Remove Sketcher" }).click();
  const asks = page.getByRole("dialog", { name: "Remove “Sketcher”?" });
  await hasFocus(asks);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("Escape");
  await hasFocus(page.getByRole("button", { name: "Remove Sketcher" }));
  assert.ok((await find(id)) !== undefined, "nothing is done before the answer");
  await page.keyboard.press("Enter");
  await asks.getByRole("button", { name: "Remove" }).click();
  // Hidden from assistive technology while the dialog is open.
  await page.getByText("Sketcher was removed.").first().waitFor();
  assert.equal(await find(id), undefined);
  await item.waitFor({ state: "detached" });
  // The focused button was removed with its item.
  await hasFocus(page.locator("#place"));
});
