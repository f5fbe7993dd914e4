import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type Api, ok } from "@holdfast/server/acceptance/testing";
import { OpenidBrowser } from "@holdfast/server/acceptance/testing-openid";
import * as openid from "openid-client";
import { axeProblems } from "../../testing/axe.ts";
import { sizes, testApp } from "../../testing/test-app.ts";

const app = testApp();

const state = "mine & ä=#";

async function openProgram(name: string) {
  const made = await ok(app.api, "POST", "/admin/oauth-clients", {
    name,
    redirect_uris: ["http://127.0.0.1/back"],
    post_logout_redirect_uris: ["http://127.0.0.1/out"],
    public: true,
  });
  const config = await openid.discovery(new URL(app.server.url), made.id, undefined, openid.None(), {
    // oxlint-disable-next-line typescript/no-deprecated -- so called to be seen; the server is on this machine
    execute: [openid.allowInsecureRequests],
  });
  const arrived = Promise.withResolvers<URL>();
  const pages = new Map<string, string>();
  const listener = createServer((request, response) => {
    const url = new URL(request.url ?? "", base);
    const body = pages.get(url.pathname) ?? "Out";
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>Program</title><link rel=icon href='data:,'>${body}`);
    if (url.pathname === "/out") arrived.resolve(url);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  // A failing test leaves it open.
  listener.unref();
  const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const idTokenOf = async (api: Api) => {
    const verifier = openid.randomPKCECodeVerifier();
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: `${base}/back`,
      scope: "openid",
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const back = await new OpenidBrowser(app.server.url).answer(url, api, { allow: true });
    const tokens = await openid.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier });
    return tokens.id_token ?? "";
  };
  const endUrl = (more: Record<string, string> = {}) =>
    openid.buildEndSessionUrl(config, { post_logout_redirect_uri: `${base}/out`, state, ...more });
  return { base, pages, idTokenOf, endUrl, arrived: arrived.promise, close: () => listener.close() };
}

test("confirming the sign-out ends the session and returns to the program with its state", async () => {
  const { page, server } = app;
  const ida = await app.addPerson("Ida");
  const program = await openProgram("Sketcher");
  await app.signIn(ida);
  const url = program.endUrl({ id_token_hint: await program.idTokenOf(ida.api) });
  await page.goto(url.href);
  await page.getByRole("heading", { name: "Sign out of Holdfast?" }).waitFor();
  await page.getByText("Sketcher wants to sign you out of Holdfast in this browser.").waitFor();
  await page.getByText(ida.email).waitFor();
  assert.equal(await page.getByText("expects another account").count(), 0);
  assert.deepEqual(await axeProblems(page), []);
  await page.setViewportSize(sizes.phone);
  assert.deepEqual(await axeProblems(page), []);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= sizes.phone.width, `${width} px`);
  await page.getByRole("button", { name: "Sign out" }).click();
  const arrived = await program.arrived;
  assert.equal(arrived.origin, program.base);
  assert.deepEqual([...arrived.searchParams], [["state", state]]);
  await page.waitForURL(/\/out\?/);
  await page.goto(`${server.url}/files`);
  await page.getByLabel("E-mail address").waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("holdfast-account")), null, "nothing of it stays here");
  program.close();
});

test("declining keeps the session and stays in Holdfast, also for a request posted by a form", async () => {
  const { page } = app;
  const program = await openProgram("Former");
  const jon = await app.addPerson("Jon");
  const kai = await app.addPerson("Kai");
  await app.signIn(jon);
  const url = program.endUrl({ id_token_hint: await program.idTokenOf(kai.api) });
  const fields = Array.from(url.searchParams, ([name, value]) => {
    const input = `<input type=hidden name="${name}" value="${value.replaceAll("&", "&amp;")}">`;
    return input;
  });
  const form = `<form method=post action="${url.origin}${url.pathname}">${fields.join("")}<button>Out</button></form>`;
  program.pages.set("/leave", form);
  await page.goto(`${program.base}/leave`);
  await page.getByRole("button", { name: "Out" }).click();
  await page.getByRole("heading", { name: "Sign out of Holdfast?" }).waitFor();
  await page.getByText("Former expects another account.").waitFor();
  await page.getByText(jon.email).waitFor();
  await page.getByRole("link", { name: "Stay signed in" }).click();
  await page.waitForURL(/\/files/);
  await page.getByRole("button", { name: /Jon/ }).first().waitFor();
  program.close();
});

test("a browser without a session returns immediately, or sees that it is not signed in", async () => {
  const { page } = app;
  const program = await openProgram("Nobody");
  const url = program.endUrl();
  // The redirect may abort the navigation.
  await page.goto(url.href).catch(() => {});
  assert.equal((await program.arrived).searchParams.get("state"), state);
  await page.waitForURL(/\/out\?/);
  await page.goto("about:blank");
  url.searchParams.delete("post_logout_redirect_uri");
  await page.goto(url.href);
  await page.getByRole("heading", { name: "You are not signed in" }).waitFor();
  assert.deepEqual(await axeProblems(page), []);
  program.close();
});

test("an invalid request shows an error page and redirects nowhere", async () => {
  app.expectComplaint(/status of 400/);
  app.expectComplaint(/status of 404/);
  const { page, server } = app;
  const program = await openProgram("Wrong");
  for (const address of ["https://evil.example/", "javascript:alert(1)"]) {
    const url = program.endUrl();
    url.searchParams.set("post_logout_redirect_uri", address);
    await page.goto(url.href);
    await page.getByRole("heading", { name: "Something went wrong" }).waitFor();
    assert.equal(new URL(page.url()).origin, server.url);
    assert.equal(await page.locator(`a[href^="${address}"]`).count(), 0);
  }
  const forged = Buffer.from(JSON.stringify({ url: "https://evil.example/" })).toString("base64url");
  await page.goto(`${server.url}/sign-out#${forged}.${"a".repeat(43)}`);
  await page.getByRole("heading", { name: "This request is no longer valid" }).waitFor();
  program.close();
});
