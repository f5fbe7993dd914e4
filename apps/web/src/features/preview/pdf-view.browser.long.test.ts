import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import type { Frame } from "@holdfast/tools/testing-browser";
import { pdfOf } from "../../preview-frame/pdf/testing-pdf.ts";
import { axeProblems } from "../../testing/axe.ts";
import { frameHasFocus, hasFocus, pressAcross } from "../../testing/focus.ts";
import { inFrame, previewPage } from "../../testing/preview-page.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ isDark: true });
const preview = previewPage(app);

const dialog = () => app.page.getByRole("dialog").first();
const pageField = () => dialog().getByRole("textbox", { name: /^Page number/ });
const findField = () => dialog().getByRole("textbox", { name: "Find in document" });
const zoom = () => dialog().getByRole("group", { name: "Zoom", exact: true });
const sheet = (frame: Frame, number: number, count: number) =>
  frame.getByRole("region", { name: `${number} / ${count}`, exact: true });

function isAtPage(number: string): Promise<true> {
  return eventually(`page ${number} is shown`, 30_000, async () =>
    (await pageField().inputValue()) === number ? (true as const) : undefined,
  );
}

async function goTo(number: string): Promise<void> {
  await pageField().fill(number);
  await pageField().press("Enter");
  await isAtPage(number);
}

async function focusFrame(frame: Frame, name: string): Promise<void> {
  await frame.getByRole("group", { name }).focus();
  await frameHasFocus(frame);
}

test("a PDF has a page number, zoom, search and links, and outside links ask first", async () => {
  const pages = [
    { words: "Holdfast one", link: 3 },
    { words: "Second page", rotation: 90, link: "https://example.com/path?q=1" },
    { words: "Holdfast two" },
  ];
  await app.api.put("/paper.pdf", pdfOf(pages));
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/paper.pdf");
  await frame.getByText("Holdfast one").waitFor({ state: "attached" });
  await isAtPage("1");
  await eventually("the page has the rotation of the file", 30_000, async () =>
    (await sheet(frame, 2, 3).evaluate((it) => it.clientWidth < it.clientHeight)) ? true : undefined,
  );

  await zoom().getByRole("button", { name: "Fit to width" }).click();
  await zoom().getByRole("button", { name: "Fit page" }).waitFor();
  const overflow = await frame.locator(".pages").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  assert.equal(overflow, 0);
  const percent = await zoom().getByText("%").innerText();
  await zoom().getByRole("button", { name: "Zoom out" }).click();
  await zoom().getByText(percent, { exact: true }).waitFor({ state: "detached" });
  await goTo("3");
  assert.ok((await frame.locator(".pages").evaluate((paper) => paper.scrollTop)) > 0);
  await goTo("1");

  await focusFrame(frame, "paper.pdf");
  await pressAcross(page, "Control+f");
  await hasFocus(findField());
  await page.keyboard.type("hold");
  const search = dialog().getByRole("search");
  await search.getByText("1 of 2", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await search.getByText("2 of 2", { exact: true }).waitFor();
  await sheet(frame, 3, 3).locator(".highlight.selected", { hasText: "Hold" }).waitFor();
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await findField().fill("xyz");
  await search.getByText("No matches").waitFor();
  await findField().fill("hold");
  await search.getByText("of 2").waitFor();
  await frame.locator(".highlight").first().waitFor({ state: "attached" });
  await page.keyboard.press("Escape");
  await search.waitFor({ state: "detached" });
  await hasFocus(dialog().getByRole("button", { name: "Find in document" }));
  await frame.locator(".highlight").first().waitFor({ state: "detached" });

  await goTo("1");
  const before = await zoom().getByText("%").innerText();
  await sheet(frame, 1, 3).getByRole("link").click();
  await isAtPage("3");
  assert.equal(await zoom().getByText("%").innerText(), before, "a link keeps the zoom");
  await page.context().route("https://example.com/**", (route) => route.fulfill({ body: "" }));
  await goTo("2");
  await focusFrame(frame, "paper.pdf");
  await frame.getByRole("link", { name: "https://example.com/path?q=1" }).click();
  const question = page.getByRole("dialog", { name: "Open this link?" });
  await question.getByText("https://example.com/path?q=1").waitFor();
  const [asked] = await Promise.all([
    page.context().waitForEvent("request", (request) => request.url().startsWith("https://example.com/")),
    question.getByRole("link", { name: "Open in a new tab" }).click(),
  ]);
  assert.equal(asked.url(), "https://example.com/path?q=1");
  assert.equal((await asked.allHeaders())["referer"], undefined);
  await question.waitFor({ state: "detached" });
});

longTest(
  "a PDF of 1,200 pages renders only those near the view, and can be navigated and searched by keyboard",
  async () => {
    const count = 1200;
    await app.api.put(
      "/long.pdf",
      pdfOf(Array.from({ length: count }, (_, index) => ({ words: `Sheet ${index + 1}` }))),
    );
    await app.signIn();
    const { page } = app;
    const frame = await preview.open("/long.pdf");
    await sheet(frame, 1, count).getByText("Sheet 1").waitFor({ state: "attached" });
    await dialog().focus();
    await page.keyboard.press("PageDown");
    await frame.waitForFunction(() => (document.querySelector(".pages")?.scrollTop ?? 0) > 300);
    await page.keyboard.press("End");
    await isAtPage("1200");
    await sheet(frame, 1200, count).getByText("Sheet 1200").waitFor({ state: "attached" });
    await page.keyboard.press("Control+f");
    await hasFocus(findField());
    await page.keyboard.type("sheet 700");
    await dialog().getByRole("search").getByText("1 of 1", { exact: true }).waitFor();
    await sheet(frame, 700, count).locator(".highlight.selected", { hasText: "Sheet 700" }).waitFor();
    assert.ok((await frame.locator(".page canvas").count()) <= 12);
    await pageField().press("Control+f");
    await hasFocus(findField());
    await page.keyboard.press("Escape");
    await focusFrame(frame, "long.pdf");
    await page.keyboard.press("Home");
    await isAtPage("1");
    const percent = await zoom().getByText("%").innerText();
    await page.keyboard.press("+");
    await zoom().getByText(percent, { exact: true }).waitFor({ state: "detached" });
  },
);

longTest("a PDF with more than 10,000 pages shows a notice that it is incomplete", async () => {
  const pages = Array.from({ length: 10_001 }, () => ({ words: "Sheet" }));
  await app.api.put("/endless.pdf", pdfOf(pages));
  await app.signIn();
  await preview.open("/endless.pdf");
  await dialog().getByText("Too long to show in full. Download it to see the rest.").waitFor();
  assert.equal(await pageField().getAttribute("aria-label"), "Page number (of 10,000)");
});

longTest("a very large page after a small one gets no very large canvas", async () => {
  await app.api.put("/plan.pdf", pdfOf([{ words: "Small" }, { words: "Plan", size: [14_000, 14_000] }]));
  await app.signIn();
  const frame = await preview.open("/plan.pdf");
  await isAtPage("1");
  // Until its size is read, page 2 is as small as page 1 and fits beside it without scrolling.
  const width = () => sheet(frame, 2, 2).evaluate((element) => element.clientWidth);
  await eventually("the size of page 2 is read", 30_000, async () => ((await width()) > 5000 ? true : undefined));
  await goTo("2");
  await sheet(frame, 2, 2).locator("canvas").first().waitFor();
  const pixels = await frame
    .locator("canvas")
    .evaluateAll((all) =>
      all.map((element) => (element as HTMLCanvasElement).width * (element as HTMLCanvasElement).height),
    );
  assert.ok(Math.max(...pixels) <= 4096 * 4096, `${pixels.join(", ")} pixels`);
});

/** Red, by opj_compress of OpenJPEG. */
const redScan =
  "/0//UQAvAAAAAAAgAAAAIAAAAAAAAAAAAAAAIAAAACAAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEBAAQEAAH/XAAEQED/ZAAlAAFDcmVhdGVkIGJ5IE9wZW5KUEVHIHZlcnNpb24gMi41LjD/kAAKAAAAAAAwAAH/k8fASBFQVK//f/eaZMHDgBQAXK//b4TfASAUAFyv/2+Ev4f/2Q==";

longTest("a JPEG 2000 scan is rendered without WebAssembly", async () => {
  await app.api.put("/scan.pdf", pdfOf([{ words: "Under it", scan: Buffer.from(redScan, "base64") }]));
  await app.signIn();
  const frame = await preview.open("/scan.pdf");
  const canvas = sheet(frame, 1, 1).locator("canvas").first();
  await eventually("the page is red", 30_000, async () => {
    const color = await canvas.evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const drawn = (element as HTMLCanvasElement).getContext("2d")?.getImageData(width / 2, height / 2, 1, 1).data;
      return Array.from(drawn ?? []);
    });
    const [red = 0, green = 255, blue = 255] = color;
    return red > 150 && green < 80 && blue < 80 ? true : undefined;
  });
});

longTest("a PDF with a password asks for it and reports a wrong one", async () => {
  await app.api.put("/locked.pdf", pdfOf([{ words: "Secret plan" }], { password: "open sesame" }));
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/locked.pdf");
  const field = dialog().getByLabel("Document password");
  await hasFocus(field);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  await page.keyboard.press("Enter");
  await dialog().getByText("Enter the password.").waitFor();
  await field.fill("open barley");
  await field.press("Enter");
  await dialog().getByText("Wrong password. Try again.").waitFor();
  await field.fill("open sesame");
  await field.press("Enter");
  await frame.getByText("Secret plan").waitFor({ state: "attached" });
  await field.waitFor({ state: "detached" });
  await isAtPage("1");
});

longTest("the PDF controls fit 320 px in right-to-left layout, and Ctrl with the wheel zooms", async () => {
  await app.api.put("/small.pdf", pdfOf([{ words: "Small" }, { words: "Large" }]));
  await app.signIn();
  const { page } = app;
  await page.setViewportSize({ width: 320, height: 640 });
  await app.open("/files");
  await page.evaluate(() => localStorage.setItem("holdfast.preferences", JSON.stringify({ direction: "rtl" })));
  const frame = await preview.open("/small.pdf");
  await frame.getByText("Small").waitFor({ state: "attached" });
  await isAtPage("1");
  await dialog().getByRole("button", { name: "Find in document" }).click();
  await hasFocus(findField());
  const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
  assert.equal(await page.evaluate(overflow), 0);
  assert.equal(await frame.evaluate(overflow), 0);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  const width = () => sheet(frame, 1, 2).evaluate((element) => element.clientWidth);
  const before = await width();
  await frame.locator(".pages").hover();
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -200);
  await page.keyboard.up("Control");
  await eventually("the page is larger", 30_000, async () => ((await width()) > before ? true : undefined));
});
