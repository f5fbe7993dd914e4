import assert from "node:assert/strict";
import { test } from "node:test";
import { excelOf, wordLine, wordOf } from "../../preview-frame/office/testing-office.ts";
import { pdfOf } from "../../preview-frame/pdf/testing-pdf.ts";
import { zipOf } from "../../preview-frame/zip/testing-zip.ts";
import { axeProblems } from "../../testing/axe.ts";
import { inFrame, previewPage } from "../../testing/preview-page.ts";
import { testApp } from "../../testing/test-app.ts";

const app = testApp({ size: "phone", isTouch: true });
const preview = previewPage(app);

test("on a phone every framed preview fits the screen and passes axe", async () => {
  const wide = "word".repeat(100);
  const files = {
    "/code.py": `def f():\n    return "${wide}"  # said\n`,
    "/notes.md": `# ${wide}\n\n| ${"a | ".repeat(30)}\n|${" - |".repeat(30)}\n\n\`\`\`\n${wide}\n\`\`\`\n\n- [ ] open\n`,
    "/drawing.svg": `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="10"><rect width="4000" height="10"/></svg>`,
    "/letter.docx": wordOf(
      `${wordLine(wide)}<w:tbl><w:tr>${`<w:tc>${wordLine("cell")}</w:tc>`.repeat(30)}</w:tr></w:tbl>`,
    ),
    "/book.xlsx": excelOf(
      [wide, "Other"].map((name) => ({
        name,
        content: `<sheetData><row>${"<c><v>123456</v></c>".repeat(30)}</row></sheetData>`,
      })),
    ),
    "/paper.pdf": pdfOf([{ words: wide }]),
    "/all.zip": zipOf([{ name: `${wide}/${wide}/${wide}.txt`, isEncrypted: true }]),
  };
  for (const [path, content] of Object.entries(files)) await app.api.put(path, content);
  await app.signIn();
  for (const path of Object.keys(files)) {
    const frame = await preview.open(path);
    await frame.locator("main").waitFor();
    const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
    assert.equal(await frame.evaluate(overflow), 0, path);
    assert.equal(await app.page.evaluate(overflow), 0, path);
    assert.deepEqual(await axeProblems(frame, inFrame), [], path);
    assert.deepEqual(await axeProblems(app.page, { within: "[role=dialog]" }), [], path);
  }
});
