import type { Block, Inline, Marks, OfficeDocument, Paragraph, Picture } from "./document-model.ts";
import { renderLists } from "./render-lists.ts";

type DrawPicture = (image: HTMLImageElement, picture: Picture) => void;

/**
 * Sheets of paper, which begin at the page breaks that the author made: a browser breaks lines in other places than
 * Word, so that the other ones would be wrong.
 */
export function renderDocument(
  { header, body, footer, notes }: OfficeDocument,
  drawPicture: DrawPicture,
): HTMLElement[] {
  const render = (blocks: readonly Block[]) => renderBlocks(blocks, drawPicture);
  const sheets = pagesOf(body).map((blocks) => {
    const sheet = makeElement("div", "paper");
    sheet.append(...render(blocks));
    return sheet;
  });
  const [first = makeElement("div", "paper")] = sheets;
  const last = sheets.at(-1) ?? first;
  if (header.length > 0) {
    const top = makeElement("header");
    top.append(...render(header));
    first.prepend(top);
  }
  if (notes.length > 0) {
    const list = makeElement("ol", "notes");
    for (const { number, blocks } of notes) {
      const point = makeAnchor("li", noteAnchor(number));
      point.append(...render(blocks));
      list.append(point);
    }
    last.append(list);
  }
  if (footer.length > 0) {
    const bottom = makeElement("footer");
    bottom.append(...render(footer));
    last.append(bottom);
  }
  return sheets.length === 0 ? [first] : sheets;
}

function pagesOf(blocks: readonly Block[]): Block[][] {
  const pages: Block[][] = [];
  let page: Block[] = [];
  for (const block of blocks) {
    const isParagraph = block.kind === "paragraph";
    if (isParagraph && block.startsPage && page.length > 0) {
      pages.push(page);
      page = [];
    }
    page.push(block);
    if (isParagraph && block.endsPage) {
      pages.push(page);
      page = [];
    }
  }
  if (page.length > 0) pages.push(page);
  return pages;
}

function renderBlocks(blocks: readonly Block[], drawPicture: DrawPicture): HTMLElement[] {
  return renderLists(blocks, (block) => {
    if (block.kind === "table") return renderTable(block.rows, block.isRtl, drawPicture);
    return renderParagraph(block, drawPicture);
  });
}

function renderParagraph(paragraph: Paragraph, drawPicture: DrawPicture): HTMLElement {
  const { level, point, align, isRtl, inlines } = paragraph;
  const element = makeElement(level === undefined ? "p" : `h${level}`, align === undefined ? "" : `at-${align}`);
  element.dir = isRtl ? "rtl" : "auto";
  if (level !== undefined && point?.label !== undefined && point.label !== "") element.append(`${point.label} `);
  element.append(...inlines.map((inline) => renderInline(inline, drawPicture)));
  // An empty heading would be announced without a name.
  if (level === undefined || element.textContent.trim() !== "") return element;
  const plain = makeElement("p");
  plain.append(...element.childNodes);
  return plain;
}

function renderInline(inline: Inline, drawPicture: DrawPicture): Node {
  if (inline.kind === "text") return renderText(inline.text, inline.marks);
  if (inline.kind === "break") return makeElement("br");
  if (inline.kind === "anchor") return makeAnchor("span", inline.name);
  if (inline.kind === "note") {
    const mark = makeElement("sup");
    mark.append(makeLink(`#${noteAnchor(inline.number)}`, [String(inline.number)]));
    return mark;
  }
  if (inline.kind === "link") {
    const content = inline.inlines.map((each) => renderInline(each, drawPicture));
    return makeLink(inline.address, content);
  }
  const image = document.createElement("img");
  image.alt = inline.alt;
  if (inline.widthPx !== undefined) image.width = inline.widthPx;
  drawPicture(image, inline);
  return image;
}

function renderText(text: string, marks: Marks): Node {
  const { position, color = "" } = marks;
  const tags = [
    ...(marks.isBold === true ? ["strong"] : []),
    ...(marks.isItalic === true ? ["em"] : []),
    ...(marks.isUnderlined === true ? ["u"] : []),
    ...(marks.isStruck === true ? ["s"] : []),
    ...(marks.isMarked === true ? ["mark"] : []),
    ...(position === "sub" || position === "sup" ? [position] : []),
    ...(marks.isCaps === true || color !== "" ? ["span"] : []),
  ];
  let node: Node = document.createTextNode(text);
  for (const tag of tags) {
    const element = makeElement(tag);
    element.append(node);
    if (tag === "span") {
      if (marks.isCaps === true) element.className = "caps";
      element.style.color = color;
    }
    node = element;
  }
  return node;
}

type Rows = Extract<Block, { readonly kind: "table" }>["rows"];

function renderTable(rows: Rows, isRtl: boolean, drawPicture: DrawPicture): HTMLElement {
  const table = makeElement("table");
  if (isRtl) table.dir = "rtl";
  const headCount = rows.findIndex(({ isHeader }) => !isHeader);
  const head = headCount === -1 ? rows : rows.slice(0, headCount);
  for (const [tag, part] of [
    ["thead", head],
    ["tbody", rows.slice(head.length)],
  ] as const) {
    if (part.length === 0) continue;
    const section = makeElement(tag);
    section.append(...part.map((row) => renderRow(row, tag === "thead" ? "th" : "td", drawPicture)));
    table.append(section);
  }
  const scroller = makeElement("div", "scroller");
  scroller.tabIndex = 0;
  scroller.append(table);
  return scroller;
}

function renderRow({ cells }: Rows[number], tag: "th" | "td", drawPicture: DrawPicture): HTMLElement {
  const row = makeElement("tr");
  for (const { columns, rows, blocks } of cells) {
    const isBlank = blocks.every((block) => block.kind === "paragraph" && block.inlines.length === 0);
    const cell = document.createElement(isBlank ? "td" : tag);
    cell.colSpan = columns;
    cell.rowSpan = rows;
    cell.append(...renderBlocks(blocks, drawPicture));
    row.append(cell);
  }
  return row;
}

/** Bookmarks of Word have no colon in their names. */
function noteAnchor(number: number): string {
  return `note:${number}`;
}

function makeLink(address: string, content: readonly (Node | string)[]): HTMLElement {
  const link = document.createElement("a");
  link.setAttribute("href", address);
  link.append(...content);
  return link;
}

function makeAnchor(tag: string, name: string): HTMLElement {
  const anchor = makeElement(tag);
  anchor.dataset["anchor"] = name;
  anchor.tabIndex = -1;
  return anchor;
}

function makeElement(tag: string, look = ""): HTMLElement {
  const element = document.createElement(tag);
  if (look !== "") element.className = look;
  return element;
}
