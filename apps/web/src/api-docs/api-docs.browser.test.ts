import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { browserWaitMs, type Page } from "@holdfast/tools/testing-browser";
import { longTest } from "@holdfast/tools/tiers";
import { axeProblems } from "../testing/axe.ts";
import { sizes, testApp } from "../testing/test-app.ts";
import { watchPage } from "../testing/watched-page.ts";

interface OpenApi {
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

const app = testApp();

function requestsOf(page: Page): string[] {
  const urls: string[] = [];
  page.on("request", (request) => urls.push(request.url()));
  return urls;
}

async function openDocs(page: Page, anchor = ""): Promise<void> {
  await page.goto(`${app.server.url}/api/docs${anchor}`);
  await page.getByLabel("Search requests").waitFor();
}

async function tokenOf(): Promise<string> {
  const { token } = await ok(app.api, "POST", "/tokens", { name: "docs", scopes: ["files:read"] });
  return String(token);
}

async function findAccountCall(page: Page): Promise<void> {
  await page.getByLabel("Search requests").fill("get caller limits");
  await page.locator("#operations-Account-getAccount").waitFor();
  assert.equal(await page.locator(".opblock").count(), 1);
  await page.locator("#operations-Account-getAccount .opblock-summary-control").click();
  await page.getByRole("button", { name: "Try it out" }).click();
}

async function authorize(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Authorize" }).first().click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(await tokenOf());
  await dialog.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.getByRole("button", { name: "Close" }).click();
}

async function execute(page: Page): Promise<number> {
  const answered = page.waitForResponse(/\/api\/v1\/account$/);
  await page.getByRole("button", { name: "Execute" }).click();
  return (await answered).status();
}

async function assertShowsAccount(page: Page): Promise<void> {
  await authorize(page);
  assert.equal(await execute(page), 200);
  const shown = page.locator(".live-responses-table .response .microlight").first();
  await shown.filter({ hasText: '"email": "admin@example.com"' }).waitFor();
}

longTest(
  "the app's session authorizes no call; the visitor's own token does, and it is forgotten afterwards",
  async () => {
    await app.signIn();
    app.expectComplaint(/status of 401 .*\/api\/v1\/account/);
    const { page } = app;
    const urls = requestsOf(page);
    await openDocs(page);
    await findAccountCall(page);
    assert.equal(await execute(page), 401);
    await assertShowsAccount(page);
    await assertFits(page);
    const foreign = urls.filter((url) => !url.startsWith(`${app.server.url}/`) && !/^(?:data|blob):/.test(url));
    assert.deepEqual(foreign, [], "nothing comes from elsewhere");
    const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
    assert.deepEqual(kept, [0, 0, ""], "nothing is kept");
    await page.goto("about:blank");
    await openDocs(page, "#rate_limited");
    await assertLeadsToError(page);
    await page.getByRole("button", { name: "Authorize" }).first().click();
    assert.equal(await page.locator(".dialog-ux input").inputValue(), "", "the token is forgotten");
    await assertPolicyHolds(page);
  },
);

longTest("on a phone a visitor can find a call and run it with a token", async () => {
  const { page } = app;
  await page.setViewportSize(sizes.phone);
  await openDocs(page);
  await findAccountCall(page);
  await assertShowsAccount(page);
  await assertFits(page);
});

async function assertFits(page: Page): Promise<void> {
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok((widths[0] ?? 0) <= (widths[1] ?? 0), `it scrolls sideways: ${widths.join(" of ")}`);
}

async function describedIn(server: string): Promise<{ calls: string[]; groups: string[] }> {
  const answer = await fetch(`${server}/api/openapi.json`);
  const { tags, paths } = (await answer.json()) as OpenApi;
  const calls = Object.values(paths).flatMap((methods) => Object.values(methods).map((call) => call.operationId));
  return { calls: calls.toSorted(), groups: tags.map(({ name }) => name) };
}

async function shownIn(page: Page): Promise<{ calls: string[]; groups: string[] }> {
  const calls = await page.locator(".opblock").evaluateAll((rows) => rows.map((row) => row.id.split("-").at(-1) ?? ""));
  const groups = await page
    .locator("h3.opblock-tag")
    .evaluateAll((heads) => heads.map((head) => head.getAttribute("data-tag") ?? ""));
  return { calls: calls.toSorted(), groups };
}

longTest("every call is rendered on every screen size, at any scroll position", async () => {
  const { page } = app;
  const described = await describedIn(app.server.url);
  assert.ok(described.calls.length > 150, "so many that the viewer itself would leave some out");
  // Loaded at the smallest screen, where the viewer's own list would render the fewest rows.
  await page.setViewportSize(sizes.phone);
  await openDocs(page);
  for (const size of [sizes.phone, sizes.desktop, { width: 1280, height: 3000 }]) {
    await page.setViewportSize(size);
    const at = `at ${size.width}x${size.height}`;
    assert.deepEqual(await shownIn(page), described, at);
    const heading = page.locator("h3.opblock-tag").first();
    const [first, field] = [await heading.boundingBox(), await page.getByLabel("Search requests").boundingBox()];
    assert.ok(first !== null && field !== null && first.y > field.y && first.y < field.y + 150, at);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    for (const move of [wheelBy(600), wheelBy(4000), wheelBy(-2000), scrollTo(0.5), scrollTo(1), scrollTo(0)]) {
      await move(page);
      assert.deepEqual(await shownIn(page), described, at);
      assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), height, at);
    }
  }
});

function wheelBy(pixels: number) {
  return async (page: Page): Promise<void> => {
    const before = await page.evaluate(() => scrollY);
    await page.mouse.move(200, 300);
    await page.mouse.wheel(0, pixels);
    await page.waitForFunction((old) => scrollY !== old, before);
  };
}

function scrollTo(part: number) {
  return (page: Page): Promise<void> =>
    page.evaluate(async (share) => {
      window.scrollTo(0, share * document.documentElement.scrollHeight);
      // Content that renders on scroll has rendered by the second frame.
      for (let frame = 0; frame < 2; frame++) await new Promise((done) => requestAnimationFrame(done));
    }, part);
}

longTest("a search without results reports that, and the error table does not break its words", async () => {
  const { page } = app;
  await openDocs(page);
  await page.getByLabel("Search requests").fill("zzz");
  await page.getByText("No request matches all these words.").waitFor();
  assert.equal(await page.getByText("No operations").count(), 0);
  for (const size of [sizes.desktop, sizes.phone]) {
    await page.setViewportSize(size);
    const lines = await page.locator(".errors thead th").evaluateAll((cells) =>
      cells.slice(0, 2).map((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return range.getClientRects().length;
      }),
    );
    assert.deepEqual(lines, [1, 1]);
  }
});

/** The policy blocks requests to other hosts and scripts made from text. */
async function assertPolicyHolds(page: Page): Promise<void> {
  app.expectComplaint(/Content Security Policy|TrustedScript|violates|Refused|Failed to fetch|example\.com|\/nothing/);
  const tried = await page.evaluate(async () => {
    const out = await fetch("https://example.com/", { mode: "no-cors" }).then(
      () => "sent",
      () => "kept",
    );
    const made = document.createElement("script");
    const marks = globalThis as { ran?: boolean };
    try {
      made.text = "globalThis.ran = true";
      document.body.append(made);
    } catch {
      // Expected.
    }
    document.body.insertAdjacentHTML("beforeend", `<img src="/nothing" onerror="globalThis.ran = true">`);
    return { out, hasRun: marks.ran ?? false };
  });
  assert.deepEqual(tried, { out: "kept", hasRun: false });
}

async function assertLeadsToError(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { top = -1, bottom = 0 } = document.getElementById("rate_limited")?.getBoundingClientRect() ?? {};
    const isReady = document.documentElement.dataset["viewer"] === "ready";
    return isReady && document.querySelector(".opblock") !== null && top >= 0 && bottom <= innerHeight;
  });
  assert.match(await page.locator("#rate_limited").innerText(), /429.*Retry-After/s);
}

test("the address of an error and the calls are readable without JavaScript", async () => {
  const context = await app.page.context().browser()?.newContext({ javaScriptEnabled: false });
  context?.setDefaultTimeout(browserWaitMs);
  const without = await context?.newPage();
  assert.ok(without !== undefined);
  const complaints: string[] = [];
  watchPage(without, complaints);
  try {
    await without.goto(`${app.server.url}/api/docs#rate_limited`);
    assert.equal(await without.locator("#rate_limited").isVisible(), true);
    await without.getByText("Get the caller, this server's ID, usage and limits").click();
    assert.match(await without.locator("#getAccount").innerText(), /quota_bytes/);
    assert.deepEqual(complaints, []);
  } finally {
    await context?.close();
  }
});

longTest("the page passes axe in light and dark themes, except for known faults of the viewer", async () => {
  const { page } = app;
  await page.emulateMedia({ colorScheme: "light" });
  await openDocs(page);
  for (const method of ["get", "post", "put", "patch", "delete"])
    await page.locator(`.opblock-${method}`).first().waitFor();
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    assert.equal(background, scheme === "dark" ? "rgb(18, 22, 21)" : "rgb(251, 251, 250)");
    const problems = await axeProblems(page);
    const own = problems.filter((text) => !ofViewer.some((pattern) => pattern.test(text)));
    assert.deepEqual(own, [], scheme);
  }
});

/** Known faults of the viewer: the row of a call is a button that contains a link. */
const ofViewer: readonly RegExp[] = [
  /^nested-interactive: <button aria-expanded="(?:true|false)" class="opblock-summary/,
];
