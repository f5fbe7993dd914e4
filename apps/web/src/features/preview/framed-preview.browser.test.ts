import assert from "node:assert/strict";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { zipOf } from "../../preview-frame/zip/testing-zip.ts";
import { axeProblems } from "../../testing/axe.ts";
import { frameHasFocus } from "../../testing/focus.ts";
import { isLoaded } from "../../testing/loaded-picture.ts";
import { inFrame, previewPage } from "../../testing/preview-page.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ isDark: true });
const preview = previewPage(app);

const hostile = `# Title <script>document.title='owned'</script>

[run](javascript:document.title='owned') [data](data:text/html,owned) [far](https://example.com/path?q=1) [in](#the-end)
[deceit](https://bank.example@evil.example/)

![pixel](https://tracker.example/pixel.png) <img src=x onerror="document.title='owned'">

| a | b |
| - | -: |
| 1 | 2 |

- [x] done
- [ ] open

مرحبا بالعالم

\`\`\`ts
const answer = 42;
\`\`\`

## The end
`;

test("Markdown is drawn without anything that runs or is loaded; links ask first, and its source is one press away", async () => {
  await app.api.put("/notes.md", hostile);
  await app.signIn();
  const { page } = app;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const frame = await preview.open("/notes.md");
  await frame.getByRole("heading", { name: "Title <script>" }).waitFor();
  assert.equal(await frame.locator("main :is(script, img, iframe, object, style)").count(), 0);
  assert.deepEqual(await frame.getByRole("link").allInnerTexts(), ["far", "in"]);
  assert.equal(await frame.getByRole("img", { name: "pixel" }).count(), 1);
  assert.deepEqual(await frame.getByRole("checkbox").evaluateAll((all) => all.map((box) => box.matches(":checked"))), [
    true,
    false,
  ]);
  await frame.locator(".is-keyword", { hasText: "const" }).waitFor();
  assert.equal(await frame.getByText("مرحبا").evaluate((line) => getComputedStyle(line).direction), "rtl");
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  await frame.getByRole("link", { name: "in" }).click();
  assert.equal(await page.getByRole("dialog", { name: "Open this link?" }).count(), 0);
  await frame.getByRole("link", { name: "far" }).click();
  const question = page.getByRole("dialog", { name: "Open this link?" });
  await question.getByText("https://example.com/path?q=1").waitFor();
  const follow = question.getByRole("link", { name: "Open in a new tab" });
  assert.deepEqual(await follow.evaluate((link) => ["href", "target", "rel"].map((name) => link.getAttribute(name))), [
    "https://example.com/path?q=1",
    "_blank",
    "noopener noreferrer",
  ]);
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Source" }).click();
  await page.frameLocator("iframe").getByText("![pixel](https://tracker.example/pixel.png)").waitFor();
  assert.notEqual(await page.title(), "owned");
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(app.server.url)),
    [],
  );
});

test("a frame that says by itself that somebody followed a link, or left, is not believed", async () => {
  await app.api.put("/quiet.md", "[far](https://example.com)");
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/quiet.md");
  const link = frame.getByRole("link", { name: "far" });
  await link.waitFor();
  await link.evaluate((element) => {
    (element as HTMLElement).click();
    dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  });
  // The port keeps its order, so earlier messages have arrived.
  await page.getByRole("button", { name: "Source" }).click();
  await page.frameLocator("iframe").getByText("[far](https://example.com)").waitFor();
  assert.equal(await page.getByRole("dialog", { name: "Open this link?" }).count(), 0);
});

const attack = "document.title = 'owned'; parent.document.title = 'owned'";
const drawing = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="40" onload="${attack}">
<script>${attack}</script><style>@import url(https://tracker.example/a.css);</style>
<image href="https://tracker.example/pixel.png" width="5" height="5"/><use xlink:href="https://tracker.example/b.svg#a"/>
<foreignObject width="40" height="40"><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://tracker.example/"/></foreignObject>
<a href="javascript:${attack}"><rect width="40" height="40" fill="red"/></a></svg>`;

test("a drawing in SVG is a picture: its script does not run, nothing is loaded, and its source is one press away", async () => {
  await app.api.put("/drawing.svg", drawing);
  await app.api.put("/torn.svg", "<svg xmlns='http://www.w3.org/2000/svg'><g>");
  await app.signIn();
  const { page } = app;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const frame = await preview.open("/drawing.svg");
  const picture = frame.getByRole("img", { name: "drawing.svg" });
  await picture.waitFor();
  await isLoaded(picture, 40);
  await picture.click();
  assert.notEqual(await page.title(), "owned");
  assert.notEqual(await frame.title(), "owned");
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(app.server.url) && !url.startsWith("blob:")),
    [],
  );
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  await page.getByRole("button", { name: "Source" }).click();
  await page.frameLocator("iframe").locator(".is-comment, .is-name").first().waitFor();
  app.expectComplaint(/404 .*\/api\/v1\/thumbs\//);
  await app.open(`/files?open=${await app.api.idOf("/torn.svg")}`);
  await page.getByText("It may be damaged").waitFor();
});

test("of a zip of any size only its list travels, and is walked by keyboard", async () => {
  const entries = [
    { name: "photos/summer/a.jpg", contentBytes: 1_234_000 },
    { name: "photos/winter/b.jpg", contentBytes: 99 },
    { name: "secret.txt", isEncrypted: true },
    { name: "\u202Egpj.exe" },
    { name: "<img src=x onerror=alert(1)>" },
  ];
  await app.api.put("/large.zip", zipOf(entries, { contentBytes: 3_000_000 }));
  await app.signIn();
  const { page } = app;
  const sizes: number[] = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/download")) sizes.push(Number(answer.headers()["content-length"]));
  });
  const frame = await preview.open("/large.zip");
  await page.getByText("5 files · 3 folders · 1.2 MiB unpacked").waitFor();
  const row = (name: string) => frame.getByRole("row").filter({ hasText: name });
  await row("summer").waitFor();
  assert.match(await row("secret.txt").innerText(), /encrypted/);
  assert.match(await row("a.jpg").innerText(), /1.2 MiB/);
  await row("gpj.exe").getByText("\uFFFDgpj.exe").waitFor();
  await row("photos").focus();
  await frameHasFocus(frame);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowLeft");
  await row("a.jpg").waitFor({ state: "detached" });
  assert.equal(await row("summer").getAttribute("aria-expanded"), "false");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await row("summer").waitFor({ state: "detached" });
  await page.keyboard.press("End");
  assert.match(await frame.evaluate(() => document.activeElement?.textContent ?? ""), /secret|exe|img/);
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  assert.ok(sizes.length > 0 && Math.max(...sizes) < 100_000, `${sizes.join(", ")} bytes came`);
});

longTest("100,000 files in a zip are listed without drawing them all; what is no zip says so", async () => {
  const names = Array.from({ length: 100_100 }, (_, index) => ({ name: `${index}.txt` }));
  await app.api.put("/many.zip", zipOf(names));
  await app.api.put("/bomb.zip", zipOf([{ name: "zeros", contentBytes: 281_000_000_000_000 }]));
  await app.api.put("/none.zip", "no zip at all");
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/many.zip");
  await page.getByText("100,000 files · 0 B unpacked · more entries not shown").waitFor();
  assert.ok((await frame.getByRole("row").count()) < 100);
  await frame.getByRole("row").nth(1).focus();
  await frameHasFocus(frame);
  await page.keyboard.press("End");
  await frame.getByText("99999.txt").waitFor();
  await preview.open("/bomb.zip");
  await page.getByText("1 file · 256 TiB unpacked").waitFor();
  await app.open(`/files?open=${await app.api.idOf("/none.zip")}`);
  await page.getByText("the file is damaged or is not a zip archive").waitFor();
});

longTest("a kind that is not shown says what it is and what opens it, and can be downloaded", async () => {
  await app.api.put("/letter.docx", zipOf([{ name: "word/document.xml" }]));
  await app.signIn();
  const { page } = app;
  await page.goto(`${app.server.url}/files?open=${await app.api.idOf("/letter.docx")}`);
  const viewer = page.getByRole("dialog", { name: "letter.docx" });
  await viewer.getByText("Open it with LibreOffice Writer, Microsoft Word or Pages.").waitFor();
  await viewer.getByText("Word document").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const download = page.waitForEvent("download");
  await viewer.getByRole("button", { name: "Download" }).last().click();
  assert.equal((await download).suggestedFilename(), "letter.docx");
});
