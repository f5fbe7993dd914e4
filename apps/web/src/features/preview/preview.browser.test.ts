import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Locator } from "@holdfast/tools/testing-browser";
import { pdfOf } from "../../preview-frame/pdf/testing-pdf.ts";
import { axeProblems } from "../../testing/axe.ts";
import { drawPicture } from "../../testing/draw-picture.ts";
import { isLoaded } from "../../testing/loaded-picture.ts";
import { testApp } from "../../testing/test-app.ts";
import { longTest } from "@holdfast/tools/tiers";

const app = testApp();
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test("files open one after another over the list, also after a file was trashed elsewhere, HTML shows as source, and Escape returns to the list", async () => {
  await app.api.put("/a.png", picture);
  await app.api.put("/b.html", "<script>document.title = 'run'</script><h1>bold</h1>");
  await app.signIn();
  const { page } = app;
  await app.open(`/files?open=${await app.api.idOf("/a.png")}`);
  const image = page.getByRole("img", { name: "a.png" });
  await image.waitFor();
  await isLoaded(image, 1);
  assert.deepEqual(await axeProblems(page), []);
  await ok(app.api, "DELETE", `/files/${await app.api.idOf("/a.png")}`);
  const trashed = page.getByRole("status").filter({ hasText: "This file was moved to the trash" });
  await trashed.waitFor();
  await image.waitFor({ state: "detached" });
  assert.deepEqual(await axeProblems(page), []);
  await trashed.getByRole("button", { name: "Next file" }).click();
  await page.frameLocator("iframe").getByText("<script>document.title = 'run'</script><h1>bold</h1>").waitFor();
  assert.notEqual(await page.title(), "run");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForURL((url) => !url.searchParams.has("open"));
  await page.getByRole("grid").waitFor();
});

longTest("a damaged picture is reported", async () => {
  app.expectComplaint(/404 .*\/api\/v1\/thumbs\//);
  await app.api.put("/broken.png", picture.subarray(0, 40));
  await app.signIn();
  await app.page.goto(`${app.server.url}/files?open=${await app.api.idOf("/broken.png")}`);
  await app.page.getByText("It may be damaged").waitFor();
});

test("a PDF is rendered with its text in a sandboxed frame without an origin, and a damaged one is reported", async () => {
  await app.api.put("/paper.pdf", pdfOf([{ words: "Holdfast" }]));
  await app.api.put("/torn.pdf", "%PDF-1.7 torn");
  await app.signIn();
  const { page } = app;
  await app.open(`/files?open=${await app.api.idOf("/paper.pdf")}`);
  const frame = page.frameLocator("iframe");
  await frame.getByText("Holdfast").waitFor({ state: "attached" });
  assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-scripts");
  // Within the frame: the browser applies the attribute and the policy of the page together.
  const reached = await frame.locator("body").evaluate(() => {
    const touch = (act: () => unknown) => {
      try {
        return String(act());
      } catch (error) {
        return (error as Error).name;
      }
    };
    return [self.origin, touch(() => parent.document.title), touch(() => localStorage.length)];
  });
  assert.deepEqual(reached, ["null", "SecurityError", "SecurityError"]);
  await eventually("there is ink on the page", 30_000, () =>
    frame.locator(".page canvas").evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const { data = [] } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
      const isInk = (value: number, index: number) => index % 4 === 0 && value < 100 && data[index + 3] === 255;
      return Array.from(data).some(isInk) || undefined;
    }),
  );
  app.expectComplaint(/404 .*\/api\/v1\/thumbs\//);
  await page.goto(`${app.server.url}/files?open=${await app.api.idOf("/torn.pdf")}`);
  await page.getByText("It may be damaged").waitFor();
});

longTest("a picture zooms by buttons and keyboard, and the filmstrip shows the others", async () => {
  const { id } = await ok(app.api, "POST", "/metadata", { path: "/zoomed", kind: "folder" });
  await app.api.put("/zoomed/other.png", drawPicture(300, 200));
  await app.api.put("/zoomed/zoomed.png", drawPicture(2000, 1000));
  await app.signIn();
  const { page } = app;
  await app.open(`/files/${id}?open=${await app.api.idOf("/zoomed/zoomed.png")}`);
  const image = page.getByRole("img", { name: "zoomed.png" });
  await isLoaded(image, 2000);
  // 1440 of 2000 pixels.
  const zoom = page.getByRole("group", { name: "Zoom", exact: true });
  const becomes = async (percent: string, scale: string) => {
    await zoom.getByText(percent, { exact: true }).waitFor();
    assert.match((await image.getAttribute("style")) ?? "", new RegExp(`scale\\(${scale}\\)`));
  };
  await becomes("72%", "1");
  await zoom.getByRole("button", { name: "Zoom in" }).click();
  await becomes("108%", "1.5");
  await zoom.getByRole("button", { name: "Fit to screen" }).click();
  await becomes("72%", "1");
  await page.getByRole("dialog").focus();
  await page.keyboard.press("+");
  await becomes("108%", "1.5");
  await page.keyboard.press("-");
  await becomes("72%", "1");
  await page.keyboard.press("+");
  await page.keyboard.press("0");
  await becomes("72%", "1");
  assert.deepEqual(await axeProblems(page), []);
  await page.emulateMedia({ media: "print" });
  const isPrinted = (element: Element | SVGElement | HTMLElement) => getComputedStyle(element).visibility;
  assert.equal(await image.evaluate(isPrinted), "visible");
  assert.equal(await page.locator("header").last().evaluate(isPrinted), "hidden");
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "other.png" }).click();
  await isLoaded(page.getByRole("img", { name: "other.png" }), 300);
  const current = page.locator("[aria-current=true]").and(page.getByRole("button", { name: "other.png" }));
  await current.waitFor();
});

longTest(
  "the next button has the same position for all kinds of files, and pictures have a dark background",
  async () => {
    const { id } = await ok(app.api, "POST", "/metadata", { path: "/kinds", kind: "folder" });
    await app.api.put("/kinds/1.png", drawPicture(600, 400));
    await app.api.put("/kinds/2.md", "# Title");
    await app.api.put("/kinds/3.txt", "text");
    await app.api.put("/kinds/4.pdf", pdfOf([{ words: "Holdfast" }]));
    await app.api.put("/kinds/5.xyz", "other");
    await app.api.put("/kinds/6.xyz", "last");
    await app.signIn();
    const { page } = app;
    const next = page.getByRole("button", { name: "Next file" });
    const placeOf = async (button: Locator) => JSON.stringify(await button.boundingBox());
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(`${app.server.url}/files/${id}?open=${await app.api.idOf("/kinds/1.png")}`);
      await page.getByRole("dialog").getByText("1 of 6").waitFor();
      const ground = await page.getByRole("group", { name: "Zoom", exact: true }).evaluate((element) => {
        const stage = element.closest(".scheme-dark");
        return stage === null ? "" : getComputedStyle(stage).backgroundColor;
      });
      assert.equal(ground, "rgb(18, 22, 21)");
      const places = new Set([await placeOf(next)]);
      for (const at of [2, 3, 4, 5]) {
        await next.click();
        await page.getByRole("dialog").getByText(`${at} of 6`).waitFor();
        places.add(await placeOf(next));
      }
      assert.equal(places.size, 1, [...places].join(" "));
    }
  },
);
