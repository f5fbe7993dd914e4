import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import type { Locator } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../../testing/axe.ts";
import { frameHasFocus, pressAcross } from "../../testing/focus.ts";
import { inFrame, previewPage } from "../../testing/preview-page.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();

test("code has colors and line numbers, and line wrapping is remembered", async () => {
  const line = `const words = ["${"long ".repeat(100)}"]; // said`;
  await app.api.put("/code.ts", `/* begins\nends */ export function f(): number { return 42; }\n${line}\n`);
  await app.signIn();
  const preview = previewPage(app);
  const frame = await preview.open("/code.ts");
  await frame.locator(".is-keyword", { hasText: "function" }).waitFor();
  assert.equal(await frame.locator(".is-comment").nth(1).innerText(), "ends */", "a comment goes on over lines");
  assert.deepEqual(
    await frame.locator(".line").evaluateAll((lines) => lines.map((each) => (each as HTMLElement).dataset["number"])),
    ["1", "2", "3"],
  );
  const colourOf = (look: string) =>
    frame
      .locator(look)
      .first()
      .evaluate((part) => getComputedStyle(part).color);
  assert.notEqual(await colourOf(".is-keyword"), await colourOf(".line"), "it has the colours of the app");
  const isWide = () =>
    frame.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.equal(await isWide(), false);
  const wrap = app.page.getByRole("button", { name: "Wrap long lines" });
  assert.equal(await wrap.getAttribute("aria-pressed"), "true");
  await wrap.click();
  await frame.locator("html.whole-lines").waitFor();
  assert.equal(await isWide(), true);
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  assert.deepEqual(await axeProblems(app.page), []);
  await preview.close();
  const again = await preview.open("/code.ts");
  await again.locator("html.whole-lines").waitFor();
  await wrap.click();
});

test("a 5 MiB minified JSON and a 1 MiB line show without blocking the page", async () => {
  const entry = '{"name":"value","count":12,"list":[1,2,3]},';
  const minified = `[${entry.repeat(Math.ceil((5 << 20) / entry.length))}1]`.slice(0, 5 << 20);
  await app.api.put("/large.json", minified);
  await app.api.put("/line.txt", "word ".repeat(1 << 18));
  await app.api.put("/ends.log", "\n".repeat(5 << 20));
  await app.api.put("/longer.txt", "a longer line\n".repeat((5 << 20) / 10));
  await app.signIn();
  const preview = previewPage(app);
  for (const [path, begin] of [
    ["/large.json", minified.slice(0, 1000)],
    ["/line.txt", "word word word"],
    ["/ends.log", "\u200b"],
    ["/longer.txt", "a longer line"],
  ] as const) {
    const frame = await preview.open(path);
    await frame
      .waitForFunction(() => document.querySelector(".line") !== null)
      .catch((error: unknown) => {
        throw new Error(path, { cause: error });
      });
    assert.ok((await frame.locator(".line").first().textContent())?.startsWith(begin.replace("\u200b", "")));
    const drawn = await frame.locator(".line").count();
    assert.ok(drawn < 10_000, `${path}: ${drawn} lines are drawn`);
    await frame.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await frame.waitForFunction(() => document.querySelector(".block:last-child > .line:last-child") !== null);
    const { page } = app;
    await shows(page.getByRole("button", { name: "Wrap long lines" }), begin.length < 900 && path !== "/line.txt");
    await shows(page.getByText("Too long to show in full. Download it to see the rest."), path === "/ends.log");
    await shows(page.getByText("Showing the first 5.0 MiB"), path === "/longer.txt");
    await preview.close();
  }
});

/** Text around the frame appears shortly after its content. */
async function shows(words: Locator, isThere: boolean): Promise<void> {
  if (isThere) await words.waitFor();
  else assert.equal(await words.count(), 0);
}

test("Tab enters and leaves the text, and Escape in it closes the preview", async () => {
  await app.api.put("/keys.md.txt", "words\n".repeat(300));
  await app.signIn();
  const { page } = app;
  const preview = previewPage(app);
  const frame = await preview.open("/keys.md.txt");
  await frame.getByText("words").first().waitFor();
  const where = () => page.evaluate(() => document.activeElement?.tagName ?? "");
  const mark = () => {
    document.querySelector("[data-was]")?.removeAttribute("data-was");
    document.activeElement?.setAttribute("data-was", "");
  };
  /** Another process, so the focus arrives shortly after the key press. */
  const press = async (key: string) => {
    await page.evaluate(mark);
    await frame.evaluate(mark);
    await pressAcross(page, key);
    const isElsewhere = () => document.activeElement?.hasAttribute("data-was") === false;
    await eventually(`${key} leads on`, 30_000, async () =>
      (await page.evaluate(isElsewhere)) || (await frame.evaluate(isElsewhere)) ? true : undefined,
    );
  };
  await page.getByRole("button", { name: "Close" }).focus();
  for (let turn = 0; turn < 20 && (await where()) !== "IFRAME"; turn += 1) await press("Tab");
  assert.equal(await where(), "IFRAME");
  await frameHasFocus(frame);
  await pressAcross(page, "Shift+Tab");
  await page.waitForFunction(() => document.activeElement?.tagName !== "IFRAME");
  await press("Tab");
  assert.equal(await where(), "IFRAME");
  await frameHasFocus(frame);
  for (let turn = 0; turn < 5 && (await where()) === "IFRAME"; turn += 1) await press("Tab");
  assert.notEqual(await where(), "IFRAME", "no trap");
  await frame.locator("main").focus();
  await frameHasFocus(frame);
  await pressAcross(page, "Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});
