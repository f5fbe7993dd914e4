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

test("Markdown runs and loads nothing, its links ask first, and a button shows its source", async () => {
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

test("a frame cannot fake a followed link or a navigation", async () => {
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

longTest("an SVG runs no script, loads nothing, and a button shows its source", async () => {
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

longTest("a European Excel CSV shows as a table with a fixed header, and a button shows its source", async () => {
  const rows = Array.from({ length: 300 }, (_, index) => `Item ${index};-${index},50;;<b>text</b>\r\n`);
  const text = `Name;Preis;Menge;Notiz\r\n"Bär; ""braun""";1,50;3;"zwei\r\nZeilen"\r\n${rows.join("")}`;
  await app.api.put("/preise.csv", Buffer.from(text, "latin1"));
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/preise.csv");
  const head = frame.getByRole("columnheader");
  await head.first().waitFor();
  assert.deepEqual(await head.allInnerTexts(), ["Name", "Preis", "Menge", "Notiz"]);
  const row = (number: number) => frame.getByRole("row").nth(number - 1);
  assert.deepEqual(await row(2).getByRole("rowheader").allInnerTexts(), ["2"]);
  assert.match((await row(2).getByRole("cell").allInnerTexts()).join("|"), /^Bär; "braun"\|1,50\|3\|zwei\s+Zeilen$/);
  assert.deepEqual(
    await row(3)
      .getByRole("cell")
      .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign)),
    ["start", "right", "right", "start"],
  );
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  await page.setViewportSize({ width: 320, height: 640 });
  await frame.locator("main").focus();
  await frameHasFocus(frame);
  await page.keyboard.press("End");
  await frame.waitForFunction(() => scrollY > 1000);
  await frame.evaluate(() => scrollTo(200, scrollY));
  await frame.waitForFunction(() => scrollX > 0);
  await frame.getByText("Item 299", { exact: true }).waitFor();
  const last = row(302);
  assert.equal(await last.evaluate((element) => element.getBoundingClientRect().height), 33, "its number has one line");
  const placeOf = (selector: string) =>
    frame
      .locator(selector)
      .last()
      .evaluate((element) => {
        const { top, left } = element.getBoundingClientRect();
        return { top, left };
      });
  assert.equal((await placeOf(".head")).top, 0);
  assert.equal((await placeOf(".place")).left, 0);
  await page.getByRole("button", { name: "Source" }).click();
  await page.frameLocator("iframe").getByText('"Bär; ""braun""";1,50;3;"zwei').waitFor();
});

longTest("a large table shows its first rows and columns, with a notice about the rest", async () => {
  await app.api.put("/rows.csv", "number,text\n".repeat(6000));
  await app.api.put("/columns.tsv", `${"x\t".repeat(250)}x\n${"y".repeat(2000)}${"\t1".repeat(250)}\n`);
  await app.api.put("/bytes.csv", `a,b,c\n${`1,"${"long ".repeat(190)}","${"long ".repeat(190)}"\n`.repeat(4000)}`);
  await app.api.put("/empty.csv", "");
  await app.signIn();
  const { page } = app;
  const rest = "Download the file to see everything.";
  const rows = await preview.open("/rows.csv");
  await page.getByText(`Only the first 5,000 rows are shown. ${rest}`).waitFor();
  assert.equal(await rows.getByRole("row").count(), 5000);
  const columns = await preview.open("/columns.tsv");
  await page.getByText(`Only the first 200 columns are shown. Long cells are shortened. ${rest}`).waitFor();
  assert.equal(await columns.getByRole("columnheader").count(), 200);
  const bytes = await preview.open("/bytes.csv");
  // Only the first 5 MiB are fetched, which end within a row.
  await page.getByText(`Only the first 2,748 rows are shown. ${rest}`).waitFor();
  assert.equal(await bytes.getByRole("row").count(), 2748);
  const empty = await preview.open("/empty.csv");
  await empty.getByText("There are no cells to show.").waitFor();
});

longTest("only the directory of a large zip is downloaded, and it can be navigated by keyboard", async () => {
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

longTest("100,000 files in a zip are listed without rendering them all, and an invalid zip is reported", async () => {
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

longTest("a file without a preview shows its kind and programs that open it, and can be downloaded", async () => {
  await app.api.put("/letter.doc", "Word before 2007");
  await app.signIn();
  const { page } = app;
  await page.goto(`${app.server.url}/files?open=${await app.api.idOf("/letter.doc")}`);
  const viewer = page.getByRole("dialog", { name: "letter.doc" });
  await viewer.getByText("Open it with LibreOffice Writer, Microsoft Word or Pages.").waitFor();
  await viewer.getByText("Word document").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  const download = page.waitForEvent("download");
  await viewer.getByRole("button", { name: "Download" }).last().click();
  assert.equal((await download).suggestedFilename(), "letter.doc");
});
