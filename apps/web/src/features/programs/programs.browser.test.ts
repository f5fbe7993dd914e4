import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Api, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import * as openid from "openid-client";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

/** Native program as in RFC 8252, on an unregistered port. */
async function openProgram(scopes: readonly string[], scope: string, maxAge?: number) {
  const made = await ok(app.api, "POST", "/admin/oauth-clients", {
    name: "Sketcher",
    redirect_uris: ["http://127.0.0.1/back"],
    public: true,
    scopes,
  });
  const config = await openid.discovery(new URL(app.server.url), made.id, undefined, openid.None(), {
    // oxlint-disable-next-line typescript/no-deprecated -- so called to be seen; the server is on this machine
    execute: [openid.allowInsecureRequests],
  });
  const arrived = Promise.withResolvers<URL>();
  const listener = createServer((request, response) => {
    response.setHeader("content-type", "text/html").end("<title>Back</title><link rel=icon href='data:,'>Back");
    if (request.url?.startsWith("/back") === true) arrived.resolve(new URL(`${base}${request.url}`));
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  // A failing test leaves it open.
  listener.unref();
  const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const verifier = openid.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: `${base}/back`,
    scope,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: "mine",
    ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
  };
  const urlWith = (more: Record<string, string>) =>
    openid.buildAuthorizationUrl(config, { ...parameters, ...more }).href;
  const checks = { pkceCodeVerifier: verifier, expectedState: "mine", ...(maxAge === undefined ? {} : { maxAge }) };
  const finish = async () => openid.authorizationCodeGrant(config, await arrived.promise, checks);
  return { url: urlWith({}), urlWith, arrived: arrived.promise, finish, config, close: () => listener.close() };
}

test("a program authorized after a sign-in is listed in the settings, and removing it ends its access", async () => {
  const { page, server } = app;
  const ida = await app.addPerson("Ida");
  await ida.api.put("/a.txt", "hello");
  const program = await openProgram(["files:read"], "openid email offline_access files:read");
  await page.goto(program.url);
  await page.getByLabel("E-mail address").fill(ida.email);
  await page.getByLabel("Password", { exact: true }).fill(ida.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Allow access for Sketcher?" }).waitFor();
  await page.getByText("127.0.0.1").waitFor();
  await page.getByText("read all your files").waitFor();
  await page.getByText(ida.email).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/back\?/);
  const tokens = await program.finish();
  const reader = new Api(server.url, tokens.access_token);
  assert.equal(String((await reader.download("/a.txt")).body), "hello");
  await app.open("/settings/tokens");
  await page.getByRole("button", { name: "Remove Sketcher" }).click();
  await page.getByText("No programs").waitFor();
  assert.equal((await reader.call("GET", "/account")).status, 401);
  program.close();
});

longTest(
  "a denied program gets an error, and the administration scope is granted only if its box is ticked",
  async () => {
    const { page, server } = app;
    await app.signIn();
    const refused = await openProgram(["files:read"], "openid files:read");
    await page.goto(refused.url);
    await page.getByRole("button", { name: "Deny" }).click();
    await page.waitForURL(/\/back\?/);
    assert.equal((await refused.arrived).searchParams.get("error"), "access_denied");
    refused.close();
    for (const ticked of [false, true]) {
      const program = await openProgram(["files:read", "admin"], "openid files:read admin");
      await page.goto(program.url);
      await page.getByText("administer this server:").waitFor();
      if (ticked) await page.getByLabel("Allow it to administer this server too").check();
      await page.getByRole("button", { name: "Allow" }).click();
      await page.waitForURL(/\/back\?/);
      const tokens = await program.finish();
      const status = (await new Api(server.url, tokens.access_token).call("GET", "/admin/users")).status;
      assert.equal(status, ticked ? 200 : 403);
      program.close();
    }
  },
);

longTest("a program that demands a newer proof makes the person enter the password once", async () => {
  app.expectComplaint(/status of 403/);
  const { page } = app;
  const kit = await app.addPerson("Kit");
  await app.signIn(kit);
  await queryDatabase(
    join(dirname(app.server.logFile), "data"),
    "update shard.sessions set created_at = created_at - 1200 * 1000000::int8, proven_at = proven_at - 1200 * 1000000::int8",
  );
  const program = await openProgram(["files:read"], "openid files:read", 300);
  await page.goto(program.url);
  const before = Math.floor(Date.now() / 1000);
  await page.getByRole("button", { name: "Allow" }).click();
  const proof = page.getByRole("dialog", { name: "Confirm your identity" });
  await proof.getByLabel("Current password").fill(kit.password);
  await proof.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(/\/back\?/);
  const tokens = await program.finish();
  assert.ok(Number(tokens.claims()?.auth_time) >= before);
  program.close();
});

longTest("the authorization page follows a sign-out, and asks the next account by name", async () => {
  const { page } = app;
  const [nia, ole] = [await app.addPerson("Nia"), await app.addPerson("Ole")];
  await app.signIn(nia);
  await app.open("/files");
  const program = await openProgram(["files:read"], "openid files:read");
  const question = await page.context().newPage();
  await question.goto(program.url);
  await question.getByText(nia.email).waitFor();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await question.waitForURL(/\/sign-in\?next=/);
  assert.equal(await question.getByRole("button", { name: "Allow" }).count(), 0);
  await question.getByLabel("E-mail address").fill(ole.email);
  await question.getByLabel("Password", { exact: true }).fill(ole.password);
  await question.getByRole("button", { name: "Sign in" }).click();
  await question.getByText(ole.email).waitFor();
  await question.getByRole("button", { name: "Allow" }).waitFor();
  await question.close();
  program.close();
});

longTest("a program with another account's ID token cannot be allowed, only denied", async () => {
  const { page } = app;
  const program = await openProgram(["files:read"], "openid files:read");
  await app.signIn(await app.addPerson("Lea"));
  await page.goto(program.url);
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/back\?/);
  const { id_token: hint = "" } = await program.finish();
  await app.signIn(await app.addPerson("Max"));
  await page.goto(program.urlWith({ id_token_hint: hint }));
  await page.getByText("Sketcher expects another account.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Allow" }).count(), 0);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Deny" }).click();
  await page.waitForURL(/\/back\?error=login_required/);
  program.close();
});

longTest("a device is authorized by its code after a warning, and a wrong code is rejected", async () => {
  app.expectComplaint(/status of 404/);
  const { page, server } = app;
  const jon = await app.addPerson("Jon");
  await app.signIn(jon);
  const asker = new Api(server.url);
  const started = await ok(asker, "POST", "/sessions/device", { device_name: "kitchen" });
  assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  await app.open("/device");
  await page.getByLabel("Code").fill("BBBB-BBBB");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("No request has this code. Check for typos; a code expires after ten minutes.").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByLabel("Code").fill(started.user_code.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Allow access for kitchen?" }).waitFor();
  await page
    .getByText(
      "Only continue if you started this yourself just now. Anyone who sent you a code or a link to this page is trying to get into your account.",
    )
    .waitFor();
  await page.getByText("127.0.0.1").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const poll = () => asker.call("POST", "/sessions/device/token", { device_code: started.device_code });
  assert.equal((await poll()).status, 202);
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("heading", { name: "Access allowed" }).waitFor();
  const { status, body } = await poll();
  assert.equal(status, 200);
  assert.equal(body.email, jon.email);
  const { items } = await ok(new Api(server.url, body.access_token), "GET", "/devices");
  assert.ok(items.some(({ name }: { name: string }) => name === "kitchen"));
  assert.equal((await poll()).status, 401, "a code is good once");
});
