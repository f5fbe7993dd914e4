import assert from "node:assert/strict";
import { test } from "node:test";
import { excelOf, wordLine, wordOf } from "../../preview-frame/office/testing-office.ts";
import { axeProblems } from "../../testing/axe.ts";
import { drawPicture } from "../../testing/draw-picture.ts";
import { frameHasFocus } from "../../testing/focus.ts";
import { isLoaded } from "../../testing/loaded-picture.ts";
import { inFrame, previewPage } from "../../testing/preview-page.ts";
import { testApp } from "../../testing/test-app.ts";
import { renderedBytesMax } from "./preview-kind.ts";

const app = testApp({ isDark: true });
const preview = previewPage(app);

const numbering = `<w:numbering><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>`;
const point = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>';
const link = (id: string, text: string) => `<w:hyperlink r:id="${id}"><w:r><w:t>${text}</w:t></w:r></w:hyperlink>`;
const drawing = (id: string, alt: string) =>
  `<w:r><w:drawing><wp:inline><wp:docPr descr="${alt}"/><a:graphic><a:blip ${id}/></a:graphic></wp:inline></w:drawing></w:r>`;
const cells = (...texts: string[]) => texts.map((text) => `<w:tc>${wordLine(text)}</w:tc>`).join("");

const letter = wordOf(
  [
    wordLine("Garden", '<w:outlineLvl w:val="0"/>'),
    `<w:p><w:r><w:t>See </w:t></w:r>${link("web", "far")}${link("js", "run")}</w:p>`,
    wordLine("Beans", point),
    wordLine("Peas", point),
    `<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>${cells("Bed", "Plants")}</w:tr><w:tr>${cells("North", "12")}</w:tr></w:tbl>`,
    `<w:p>${drawing('r:embed="png"', "A bed")}${drawing('r:link="pixel"', "Pixel")}</w:p>`,
    wordLine("مرحبا بالعالم", "<w:bidi/>"),
    wordLine("&lt;img src=x onerror=alert(1)&gt;", "<w:pageBreakBefore/>"),
  ].join(""),
  {
    relations: [
      { id: "web", type: "hyperlink", target: "https://example.com/path?q=1", isExternal: true },
      { id: "js", type: "hyperlink", target: "javascript:document.title='owned'", isExternal: true },
      { id: "pixel", type: "image", target: "https://tracker.example/pixel.png", isExternal: true },
      { id: "png", type: "image", target: "media/image1.png" },
      { id: "list", type: "numbering", target: "numbering.xml" },
    ],
    parts: { "numbering.xml": numbering, "media/image1.png": drawPicture(40, 20) },
  },
);

const styles = `<numFmts><numFmt numFmtId="164" formatCode="#,##0.00"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs>`;
const budget = excelOf(
  [
    {
      name: "Budget",
      content: `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3" s="1"><v>45356</v></c><c r="C3" s="2"><v>1234.5</v></c></row></sheetData><mergeCells><mergeCell ref="A1:C1"/></mergeCells>`,
    },
    { name: "Notes", content: `<sheetData><row><c t="inlineStr"><is><t>Second</t></is></c></row></sheetData>` },
  ],
  { strings: ["Costs", "Rent"], styles },
);

test("a Word document shows its formatting as pages, and an Excel workbook its sheets", async () => {
  await app.api.put("/letter.docx", letter);
  await app.api.put("/budget.xlsx", budget);
  await app.signIn();
  const { page } = app;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const frame = await preview.open("/letter.docx");
  await frame.getByRole("heading", { name: "Garden", level: 1 }).waitFor();
  assert.deepEqual(await frame.getByRole("listitem").allInnerTexts(), ["Beans", "Peas"]);
  assert.deepEqual(
    await frame.getByRole("listitem").evaluateAll((all) => all.map((item) => getComputedStyle(item).listStyleType)),
    ['"1. "', '"2. "'],
  );
  assert.deepEqual(await frame.getByRole("columnheader").allInnerTexts(), ["Bed", "Plants"]);
  assert.deepEqual(await frame.getByRole("cell").allInnerTexts(), ["North", "12"]);
  await isLoaded(frame.getByRole("img", { name: "A bed" }), 40);
  await frame.locator(".image", { hasText: "Pixel" }).waitFor();
  assert.equal(await frame.getByText("مرحبا").evaluate((line) => getComputedStyle(line).direction), "rtl");
  const papers = frame.locator(".paper");
  assert.deepEqual(
    await papers.evaluateAll((all) => all.map((paper) => getComputedStyle(paper).backgroundColor)),
    ["rgb(255, 255, 255)", "rgb(255, 255, 255)"],
    "paper is white in the dark theme, too",
  );
  assert.equal(await papers.last().innerText(), "<img src=x onerror=alert(1)>");
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  assert.equal(await page.getByRole("button", { name: "Source" }).count(), 0, "it has no source text");
  assert.deepEqual(await frame.getByRole("link").allInnerTexts(), ["far"]);
  // A person's press focuses the frame before the release clicks. Without the focus, a message counts as a lie.
  await frame.getByRole("heading", { name: "Garden" }).click();
  await frameHasFocus(frame);
  await frame.getByRole("link", { name: "far" }).click();
  const question = page.getByRole("dialog", { name: "Open this link?" });
  await question.getByText("https://example.com/path?q=1").waitFor();
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });

  const book = await preview.open("/budget.xlsx");
  await book.getByRole("tabpanel", { name: "Budget" }).waitFor();
  assert.deepEqual(await book.getByRole("columnheader").allInnerTexts(), ["A", "B", "C"]);
  const row = book.getByRole("row").filter({ hasText: "Rent" });
  assert.equal(await row.getByRole("rowheader").innerText(), "3");
  assert.deepEqual(await row.getByRole("cell").allInnerTexts(), ["Rent", "05/03/2024", "1,234.50"]);
  assert.deepEqual(
    await row.getByRole("cell").evaluateAll((all) => all.map((cell) => getComputedStyle(cell).textAlign)),
    ["start", "right", "right"],
  );
  assert.equal(await book.getByRole("cell", { name: "Costs" }).getAttribute("aria-colspan"), "3");
  assert.deepEqual(await axeProblems(book, inFrame), []);
  await book.getByRole("tab", { name: "Budget" }).focus();
  await frameHasFocus(book);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await book.getByRole("tabpanel", { name: "Notes" }).getByRole("cell", { name: "Second" }).waitFor();
  assert.deepEqual(
    await book
      .getByRole("tab")
      .evaluateAll((all) => all.map((tab) => [tab.ariaSelected, tab.getAttribute("tabindex")])),
    [
      ["false", "-1"],
      ["true", "0"],
    ],
  );
  assert.notEqual(await page.title(), "owned");
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(app.server.url) && !url.startsWith("blob:")),
    [],
  );
});

test("documents that cannot be shown state the reason", async () => {
  const compound = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(504)]);
  await app.api.put("/secret.docx", Buffer.concat([compound, Buffer.from("EncryptedPackage", "utf16le")]));
  await app.api.put("/torn.docx", letter.subarray(0, -30));
  await app.api.put("/older.xlsx", compound);
  await app.api.put("/bomb.xlsx", excelOf([{ name: "A", content: "" }], { strings: ["0".repeat(40 << 20)] }));
  await app.api.put("/huge.docx", Buffer.alloc(renderedBytesMax.document + 1));
  await app.api.put("/entities.docx", wordOf('</w:body></w:document><!DOCTYPE a [<!ENTITY b "c">]><a><b>'));
  await app.signIn();
  for (const [path, words] of [
    ["/secret.docx", "This file is protected with a password."],
    ["/torn.docx", "It may be damaged"],
    ["/older.xlsx", "It may be damaged"],
    ["/bomb.xlsx", "Too large to preview."],
    ["/huge.docx", "Too large to preview."],
    ["/entities.docx", "It may be damaged"],
  ] as const) {
    await app.page.goto(`${app.server.url}/files?open=${await app.api.idOf(path)}`);
    await app.page.getByText(words).waitFor();
  }
});

test("each sheet has its own notice, direction and errors", async () => {
  const rows = Array.from({ length: 6000 }, (_, index) => `<row><c><v>${index}</v></c></row>`);
  const cell = (text: string) => `<sheetData><row><c t="inlineStr"><is><t>${text}</t></is></c></row></sheetData>`;
  const file = excelOf([
    { name: "Long", content: `<sheetData>${rows.join("")}</sheetData>` },
    {
      name: "עברית",
      content: `<sheetViews><sheetView rightToLeft="1"/></sheetViews>${cell("שלום")}`,
    },
    { name: "Far", content: '<sheetData><row r="6000"><c r="A6000"><v>1</v></c></row></sheetData>' },
    { name: "Blank", content: "<sheetData/>" },
    { name: "Broken", content: "<sheetData><row></sheetData>" },
  ]);
  await app.api.put("/book.xlsm", file);
  await app.signIn();
  const { page } = app;
  const frame = await preview.open("/book.xlsm");
  const notice = page.getByText("Only the first 5,000 rows are shown.");
  await notice.waitFor();
  await frame.getByRole("tab", { name: "עברית" }).click();
  await frame.getByRole("cell", { name: "שלום" }).waitFor();
  await notice.waitFor({ state: "detached" });
  assert.equal(await frame.getByRole("table").evaluate((table) => getComputedStyle(table).direction), "rtl");
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  await frame.getByRole("tab", { name: "Blank" }).click();
  const blank = frame.getByText("There are no cells to show.");
  await blank.waitFor();
  assert.deepEqual(await axeProblems(frame, inFrame), []);
  await frame.getByRole("tab", { name: "Far" }).click();
  await notice.waitFor();
  assert.equal(await blank.count(), 0);
  await frame.getByRole("tab", { name: "Broken" }).click();
  await frame.getByRole("alert").getByText("It may be damaged").waitFor();
  await notice.waitFor({ state: "detached" });
  await frame.getByRole("tab", { name: "Long" }).click();
  await notice.waitFor();
  assert.equal(await frame.getByRole("row").count(), 5001);
});

test("a long document shows its beginning, and its internal links work", async () => {
  const anchor = `<w:p><w:bookmarkStart w:name="Here"/><w:r><w:t>Target</w:t></w:r></w:p>`;
  const within = `<w:p><w:hyperlink w:anchor="Here"><w:r><w:t>down</w:t></w:r></w:hyperlink></w:p>`;
  const body = `${within}${wordLine("words").repeat(200)}${anchor}${wordLine("words").repeat(30_000)}`;
  await app.api.put("/long.docx", wordOf(body));
  await app.signIn();
  const frame = await preview.open("/long.docx");
  await app.page.getByText("Too long to show in full.").waitFor();
  await frame.getByRole("link", { name: "down" }).click();
  await frame.waitForFunction(() => scrollY > 1000);
});
