import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { Api } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { testApp } from "../../testing/test-app.ts";
import { longTest } from "@holdfast/tools/tiers";

const publicUrl = "http://drive.example.org:8420";
const app = testApp({ isNew: true, size: "phone", serverOptions: { env: { HOLDFAST_PUBLIC_URL: publicUrl } } });
const ann = { email: "ann@example.org", password: "a sentence of Ann", name: "Ann" };

/** Common misconfiguration: the proxy sets Host to the server's own address. */
let takesOriginAway = false;
const proxy = createServer((arrived, answer) => {
  const { method, url: path } = arrived;
  const headers = { ...arrived.headers };
  if (takesOriginAway) delete headers.origin;
  const host = `127.0.0.1:${app.server.port}`;
  const onward = request({ port: app.server.port, method, path, headers: { ...headers, host } }, (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  arrived.pipe(onward);
});
let proxyUrl = "";
before(async () => {
  await new Promise<void>((done) => void proxy.listen(0, "127.0.0.1", done));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
after(() => {
  proxy.closeAllConnections();
  proxy.close();
});

longTest("at an unknown address the set-up shows no form, and links to the server's address", async () => {
  app.expectComplaint(/status of 403 .*\/accounts\/invitation/);
  const { page, server } = app;
  const { pathname, hash } = new URL(await server.setupUrl);
  await page.goto(proxyUrl + pathname + hash);
  await page.getByText("This server has another address").waitFor();
  await page.getByText(`address is not set to ${proxyUrl}`).waitFor();
  await page.getByText("Nothing was created or changed, and your link still works.").waitFor();
  const way = page.getByRole("link", { name: `Open it at ${publicUrl}` });
  assert.equal(await way.getAttribute("href"), publicUrl + pathname + hash);
  assert.equal(await page.getByRole("textbox").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
});

test("requests without an Origin create and change nothing, and report the missing header", async (t) => {
  app.expectComplaint(/status of 403 .*\/(?:accounts\/invitation|password\/reset|sessions\/web)/);
  takesOriginAway = true;
  t.after(() => void (takesOriginAway = false));
  const { page, server } = app;
  const setup = new URL(await server.setupUrl);
  const told = /the request has no Origin header, which browsers send\. A proxy must not remove it/;
  await page.goto("about:blank");
  await page.goto(proxyUrl + setup.pathname + setup.hash);
  await page.getByText(told).waitFor();
  await page.getByText("Nothing was created or changed, and your link still works.").waitFor();
  assert.equal(await page.getByText(/HOLDFAST_PUBLIC_URL|folder/).count(), 0);
  assert.equal(await page.getByRole("link", { name: /Open it at/ }).count(), 0, "no other address would do better");
  assert.equal(await page.getByRole("textbox").count(), 0);
  assert.deepEqual(await axeProblems(page), []);

  const body = JSON.stringify({ ...ann, invite: setup.hash.slice(1) });
  const asPage = { "content-type": "application/json", "holdfast-page": "1" };
  const refused = await fetch(`${server.url}/api/v1/accounts`, { method: "POST", headers: asPage, body });
  const problem = (await refused.json()) as Record<string, unknown>;
  assert.deepEqual([refused.status, problem["field"], problem["origin"]], [403, "Origin", null]);

  await page.goto("about:blank");
  await page.goto(`${proxyUrl}/setup#hfw_000_x`);
  await page.getByLabel("New password").fill("another sentence of Ann");
  await page.getByRole("button", { name: "Save password" }).click();
  await page.getByText(told).waitFor();

  await page.goto(`${proxyUrl}/sign-in`);
  await page.getByLabel("E-mail address").fill(ann.email);
  await page.getByLabel("Password", { exact: true }).fill(ann.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText(told).waitFor();
});

test("accounts are created by programs without an Origin, but not from pages of another address", async () => {
  const { server } = app;
  const body = JSON.stringify({ ...ann, invite: new URL(await server.setupUrl).hash.slice(1) });
  const make = (headers: Record<string, string>) =>
    fetch(`${server.url}/api/v1/accounts`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
  const refused = await make({ origin: proxyUrl });
  const problem = (await refused.json()) as Record<string, unknown>;
  assert.deepEqual([refused.status, problem["field"], problem["public_url"]], [403, "Origin", publicUrl]);
  assert.equal((await make({})).status, 201);
});

longTest("a password link changes nothing at an unknown address, and reports that", async () => {
  app.expectComplaint(/status of 403 .*\/password\/reset/);
  const { page } = app;
  await page.goto(`${proxyUrl}/setup#hfw_000_x`);
  await page.getByLabel("New password").fill("another sentence of Ann");
  await page.getByRole("button", { name: "Save password" }).click();
  await page.getByText("Nothing was created or changed, and your link still works.").waitFor();
  await page.getByRole("link", { name: `Open it at ${publicUrl}` }).waitFor();
});

longTest("an account whose first sign-in fails is reported as created", async () => {
  const { page, server } = app;
  const api = await Api.signIn(server.url, ann);
  const { body: invitation } = await api.call("POST", "/admin/invitations", { email: "emil@example.org" });
  const { pathname, hash } = new URL(invitation.url as string);
  const problem = { code: "internal", detail: "no", status: 500 };
  await page.route("**/api/v1/sessions/web", (route) => route.fulfill({ status: 500, json: problem }));
  app.expectComplaint(/status of 500/);
  await page.goto(server.url + pathname + hash);
  await page.getByLabel("Your name").fill("Emil");
  await page.getByLabel("Password", { exact: true }).fill("a sentence of Emil");
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Your account was created" }).waitFor();
  await page.getByText("Sign in as emil@example.org").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.waitForURL(/sign-in/);
  await Api.signIn(server.url, { email: "emil@example.org", password: "a sentence of Emil" });
});
