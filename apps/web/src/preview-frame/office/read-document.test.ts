import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block, Inline } from "./document-model.ts";
import { openPackage } from "./office-package.ts";
import { readDocument } from "./read-document.ts";
import { fileOf, relationsOf, wordLine, wordOf } from "./testing-office.ts";

const read = async (file: Buffer, limits?: Parameters<typeof readDocument>[1]) =>
  readDocument(await openPackage(fileOf(file)), limits);

/** A line for each block: level or label, then the text with marks of links, notes, pictures and breaks. */
const linesOf = (blocks: readonly Block[]): string[] =>
  blocks.flatMap((block) => {
    if (block.kind === "table")
      return block.rows.map(
        ({ isHeader, cells }) =>
          `${isHeader ? "=" : "-"} ${cells.map((cell) => `${cell.columns}x${cell.rows} ${linesOf(cell.blocks).join("/")}`).join(" | ")}`,
      );
    const level = block.level === undefined ? "" : `h${block.level} `;
    const point = block.point === undefined ? "" : `${" ".repeat(block.point.depth)}${block.point.label ?? "•"} `;
    return [`${level}${point}${wordsOf(block.inlines)}`];
  });

const wordsOf = (inlines: readonly Inline[]): string =>
  inlines
    .map((inline) => {
      if (inline.kind === "text") return inline.text;
      if (inline.kind === "link") return `[${wordsOf(inline.inlines)}](${inline.address})`;
      if (inline.kind === "picture") return `![${inline.alt}](${inline.path ?? ""})`;
      if (inline.kind === "note") return `^${inline.number}`;
      return inline.kind === "anchor" ? `{${inline.name}}` : "\n";
    })
    .join("");

test("headings, formatting and alignment come from the paragraph or its styles", async () => {
  const styles = `<w:styles><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="ar-SA"/></w:rPr></w:rPrDefault></w:docDefaults>
    <w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
    <w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/><w:rPr><w:b/></w:rPr></w:style>
    <w:style w:type="paragraph" w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="berschrift2"/><w:pPr><w:jc w:val="right"/></w:pPr></w:style>
    <w:style w:type="paragraph" w:styleId="A"><w:name w:val="A"/><w:basedOn w:val="B"/><w:rPr><w:i/></w:rPr></w:style>
    <w:style w:type="paragraph" w:styleId="B"><w:name w:val="B"/><w:basedOn w:val="A"/></w:style></w:styles>`;
  const file = wordOf(
    [
      wordLine("Title", '<w:pStyle w:val="Titel"/>'),
      wordLine("Two", '<w:pStyle w:val="Own"/>', '<w:b w:val="0"/><w:color w:val="C00000"/>'),
      wordLine(
        "Three",
        '<w:outlineLvl w:val="2"/><w:bidi/>',
        '<w:color w:val="red"/><w:vertAlign w:val="superscript"/>',
      ),
      wordLine("Circle", '<w:pStyle w:val="B"/><w:jc w:val="constructor"/>', '<w:position w:val="-2"/>'),
      wordLine("Hidden", "", "<w:vanish/>"),
      wordLine("On a fill", "", '<w:color w:val="FFFFFF"/>'),
      "<w:p><w:r><w:ruby><w:rt><w:r><w:t>かんじ</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>",
      '<w:p><w:r><w:t>a</w:t><w:tab/><w:br/><w:noBreakHyphen/><w:t xml:space="preserve"> b</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>c</w:t></w:r></w:ins></w:p>',
    ].join(""),
    { relations: [{ id: "s", type: "styles", target: "styles.xml" }], parts: { "styles.xml": styles } },
  );
  const { body, language, isCut } = await read(file);
  assert.deepEqual(linesOf(body), ["h1 Title", "h2 Two", "h3 Three", "Circle", "", "On a fill", "漢字", "a\t\n‑ bc"]);
  assert.deepEqual([language, isCut], ["ar-SA", false]);
  const facts = body.map((block) => (block.kind === "paragraph" ? [block.align, block.isRtl] : []));
  assert.deepEqual(facts.slice(1, 4), [
    ["end", false],
    [undefined, true],
    [undefined, false],
  ]);
  const marks = body.map((block) => {
    const first = block.kind === "paragraph" ? block.inlines[0] : undefined;
    return first?.kind === "text" ? first.marks : undefined;
  });
  assert.deepEqual(marks[5], { color: "" }, "white text would not be seen");
  assert.deepEqual(marks.slice(1, 4), [
    { isBold: false, color: "#C00000" },
    { position: "sup", color: "" },
    { isItalic: true, position: "sub" },
  ]);
});

const numbering = `<w:numbering><w:abstractNum w:abstractNumId="7">
    <w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
    <w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
    <w:lvl w:ilvl="2"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%3%9"/></w:lvl>
    <w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl></w:abstractNum>
  <w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>
  <w:num w:numId="2"><w:abstractNumId w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="27"/></w:lvlOverride></w:num></w:numbering>`;

test("list items have Word's labels, across levels and interruptions", async () => {
  const point = (text: string, list: number, depth: number) =>
    wordLine(text, `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="${list}"/></w:numPr>`);
  const heading = '<w:outlineLvl w:val="0"/><w:numPr><w:numId w:val="1"/></w:numPr>';
  const file = wordOf(
    [
      point("a", 1, 0),
      point("b", 1, 1),
      point("c", 1, 1),
      point("d", 1, 2),
      wordLine("between"),
      point("e", 1, 1),
      wordLine("f", heading),
      point("g", 1, 1),
      point("h", 1, 3),
      point("i", 2, 0),
      point("j", 9, 0),
      point("k", 0, 0),
    ].join(""),
    { relations: [{ id: "n", type: "numbering", target: "numbering.xml" }], parts: { "numbering.xml": numbering } },
  );
  assert.deepEqual(linesOf((await read(file)).body), [
    "3. a",
    " 3.a) b",
    " 3.b) c",
    "  I d",
    "between",
    " 3.c) e",
    "h1 4. f",
    " 4.a) g",
    "   • h",
    "27. i",
    "j",
    "k",
  ]);
});

test("tables keep their headers, merged cells and tables within", async () => {
  const cell = (text: string, properties = "") => `<w:tc><w:tcPr>${properties}</w:tcPr>${wordLine(text)}</w:tc>`;
  const inner = `<w:tbl><w:tr><w:tc>${wordLine("inner")}</w:tc></w:tr></w:tbl>`;
  const file = wordOf(
    `<w:tbl><w:tblPr><w:bidiVisual/></w:tblPr>
      <w:tr><w:trPr><w:tblHeader/></w:trPr>${cell("wide", '<w:gridSpan w:val="2"/>')}${cell("c")}</w:tr>
      <w:tr>${cell("tall", '<w:vMerge w:val="restart"/>')}${cell("b")}${cell("huge", '<w:gridSpan w:val="99999999"/>')}</w:tr>
      <w:sdt><w:sdtContent><w:tr>${cell("", "<w:vMerge/>")}<w:tc>${inner}</w:tc></w:tr></w:sdtContent></w:sdt>
      <w:tr><w:trPr><w:del/></w:trPr>${cell("deleted")}</w:tr></w:tbl>`,
  );
  const { body } = await read(file);
  assert.deepEqual(linesOf(body), ["= 2x1 wide | 1x1 c", "- 1x2 tall | 1x1 b | 98x1 huge", "- 1x1 - 1x1 inner"]);
  assert.deepEqual(
    body.map((block) => block.kind === "table" && block.isRtl),
    [true],
  );
});

const drawing = (id: string, inner = "") =>
  `<w:drawing><wp:inline><wp:extent cx="952500" cy="1"/><wp:docPr descr="A bed"/><a:graphic><a:blip ${id}/>${inner}</a:graphic></wp:inline></w:drawing>`;

test("links lead only outside or within the document, and external pictures are not loaded", async () => {
  const relations = [
    { id: "web", type: "hyperlink", target: "https://example.com/a?b", isExternal: true },
    { id: "js", type: "hyperlink", target: "javascript:alert(1)", isExternal: true },
    { id: "file", type: "hyperlink", target: "file:///etc/passwd", isExternal: true },
    { id: "png", type: "image", target: "media/image1.png" },
    { id: "up", type: "image", target: "../../../up.png" },
    { id: "far", type: "image", target: "https://tracker.example/pixel.png", isExternal: true },
  ];
  const link = (attribute: string) => `<w:hyperlink ${attribute}><w:r><w:t>x</w:t></w:r></w:hyperlink>`;
  const box = `<w:txbxContent>${wordLine("in a box")}</w:txbxContent>`;
  const file = wordOf(
    `<w:p>${['r:id="web"', 'w:anchor="End"', 'r:id="js"', 'r:id="file"', 'r:id="none"'].map(link).join(" ")}</w:p>
    <w:p><w:bookmarkStart w:name="End"/><w:r>${['r:embed="png"', 'r:embed="up"', 'r:embed="far"', 'r:link="far"'].map((id) => drawing(id)).join("")}</w:r></w:p>
    <w:p><w:r><mc:AlternateContent><mc:Choice>${drawing("", box)}</mc:Choice><mc:Fallback>${box}</mc:Fallback></mc:AlternateContent></w:r></w:p>`,
    { relations },
  );
  const { body } = await read(file);
  assert.deepEqual(linesOf(body), [
    "[x](https://example.com/a?b)[x](#End)xxx",
    "{End}![A bed](word/media/image1.png)![A bed](up.png)![A bed]()![A bed]()",
    "![A bed]()",
    "in a box",
  ]);
  const picture = body[1]?.kind === "paragraph" ? body[1].inlines[1] : undefined;
  assert.equal(picture?.kind === "picture" && picture.widthPx, 100);
});

test("notes, headers and footers are read once, even notes that contain themselves", async () => {
  const mark = (id: number) => `<w:r><w:footnoteReference w:id="${id}"/></w:r>`;
  const file = wordOf(
    `<w:p><w:r><w:t>One</w:t></w:r>${mark(5)}${mark(4)}${mark(5)}${mark(99)}</w:p>
    <w:sectPr><w:headerReference w:type="first" r:id="no"/><w:headerReference w:type="default" r:id="head"/><w:footerReference w:type="default" r:id="foot"/></w:sectPr>`,
    {
      relations: [
        { id: "notes", type: "footnotes", target: "footnotes.xml" },
        { id: "head", type: "header", target: "header1.xml" },
        { id: "foot", type: "footer", target: "footer1.xml" },
      ],
      parts: {
        "footnotes.xml": `<w:footnotes><w:footnote w:id="4">${wordLine("four")}</w:footnote><w:footnote w:id="5"><w:p><w:r><w:t>five</w:t></w:r>${mark(5)}</w:p></w:footnote></w:footnotes>`,
        "header1.xml": `<w:hdr><w:p><w:hyperlink r:id="web"><w:r><w:t>Top</w:t></w:r></w:hyperlink></w:p></w:hdr>`,
        "_rels/header1.xml.rels": relationsOf([
          { id: "web", type: "hyperlink", target: "https://example.com/", isExternal: true },
        ]),
        "footer1.xml": `<w:ftr>${wordLine("Bottom")}</w:ftr>`,
      },
    },
  );
  const { header, body, footer, notes } = await read(file);
  assert.deepEqual(linesOf(body), ["One^1^2^1"]);
  assert.deepEqual(
    notes.map(({ number, blocks }) => [number, linesOf(blocks)]),
    [
      [1, ["five"]],
      [2, ["four"]],
    ],
  );
  assert.deepEqual([linesOf(header), linesOf(footer)], [["[Top](https://example.com/)"], ["Bottom"]]);
});

test("pages begin at the author's breaks", async () => {
  const file = wordOf(
    [
      wordLine("a", "<w:pageBreakBefore/>"),
      '<w:p><w:r><w:t>b</w:t><w:br w:type="page"/></w:r></w:p>',
      wordLine("c", '<w:sectPr><w:type w:val="continuous"/></w:sectPr>'),
      wordLine("d", "<w:sectPr/>"),
      wordLine("e"),
      '<w:sectPr><w:type w:val="continuous"/></w:sectPr>',
    ].join(""),
  );
  const { body } = await read(file);
  assert.deepEqual(
    body.map((block) => block.kind === "paragraph" && [block.startsPage, block.endsPage]),
    [
      [true, false],
      [false, true],
      [false, true],
      [false, false],
      [false, false],
    ],
  );
});

test("a document beyond the limit shows its beginning, and one without text is damaged", async () => {
  const long = await read(wordOf(wordLine("x").repeat(1000)), { piecesMax: 11, charactersMax: 100 });
  assert.deepEqual([linesOf(long.body), long.isCut], [["x", "x", "x", "x", "x", ""], true]);
  const whole = await read(wordOf(wordLine("x").repeat(5)), { piecesMax: 10, charactersMax: 5 });
  assert.deepEqual([whole.body.length, whole.isCut], [5, false]);
  const line = await read(wordOf(wordLine("0123456789").repeat(3)), { piecesMax: 100, charactersMax: 25 });
  assert.deepEqual([linesOf(line.body), line.isCut], [["0123456789", "0123456789", "01234"], true]);
  const nested = `${"<w:tbl><w:tr><w:tc>".repeat(50)}${wordLine("deep")}${"</w:tc></w:tr></w:tbl>".repeat(50)}`;
  assert.deepEqual(linesOf((await read(wordOf(nested))).body), ["- 1x1 ".repeat(8)]);
  const wide = await read(wordOf(`<w:tbl>${`<w:tr>${"<w:tc/>".repeat(100)}</w:tr>`.repeat(3000)}</w:tbl>`));
  assert.equal(wide.isCut, true);
  await assert.rejects(read(wordOf(`${"<w:sdt>".repeat(300)}${"</w:sdt>".repeat(300)}`)), {
    message: "office_damaged",
  });
  await assert.rejects(read(wordOf("<w:p>")), { message: "office_damaged" });
});
