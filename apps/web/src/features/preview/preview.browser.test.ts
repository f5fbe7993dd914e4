import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { axeProblems } from "../../testing/axe.ts";
import { isLoaded } from "../../testing/loaded-picture.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp();
/** PNG of one pixel. */
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test("files are shown one after the other over the list; markup is text, and Escape gives the list back", async () => {
  await app.api.put("/a.png", picture);
  await app.api.put("/b.html", "<script>document.title = 'run'</script><h1>bold</h1>");
  await app.signIn();
  const { page } = app;
  await app.open(`/files?open=${await app.api.idOf("/a.png")}`);
  const image = page.getByRole("img", { name: "a.png" });
  await image.waitFor();
  await isLoaded(image, 1);
  assert.deepEqual(await axeProblems(page), []);
  await page.getByRole("button", { name: "Next file" }).click();
  await page.frameLocator("iframe").getByText("<script>document.title = 'run'</script><h1>bold</h1>").waitFor();
  assert.notEqual(await page.title(), "run");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForURL((url) => !url.searchParams.has("open"));
  await page.getByRole("grid").waitFor();
});

test("a damaged picture says so in words", async () => {
  app.expectComplaint(/404 .*\/api\/v1\/thumbs\//);
  await app.api.put("/broken.png", picture.subarray(0, 40));
  await app.signIn();
  await app.page.goto(`${app.server.url}/files?open=${await app.api.idOf("/broken.png")}`);
  await app.page.getByText("It may be damaged").waitFor();
});

function paper(words: string): Buffer {
  const drawing = `BT /F1 24 Tf 20 100 Td (${words}) Tj ET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(this.owned = true)>>>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${drawing.length}>>stream\n${drawing}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let text = "%PDF-1.7\n";
  const starts = objects.map((object, index) => {
    const start = text.length;
    text += `${index + 1} 0 obj${object}endobj\n`;
    return String(start).padStart(10, "0");
  });
  const table = starts.map((start) => `${start} 00000 n \n`).join("");
  const end = `xref\n0 6\n0000000000 65535 f \n${table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF`;
  return Buffer.from(text + end);
}

test("a PDF is drawn in a frame of no origin, with its words for whoever listens; a damaged one says so", async () => {
  await app.api.put("/paper.pdf", paper("Holdfast"));
  await app.api.put("/torn.pdf", "%PDF-1.7 torn");
  await app.signIn();
  const { page } = app;
  await app.open(`/files?open=${await app.api.idOf("/paper.pdf")}`);
  const frame = page.frameLocator("iframe");
  await frame.getByText("Holdfast").waitFor({ state: "attached" });
  await eventually("there is ink on the page", 30_000, () =>
    frame.locator("canvas").evaluate((element) => {
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
