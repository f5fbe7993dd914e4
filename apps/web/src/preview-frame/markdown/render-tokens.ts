import type { Token } from "markdown-it";
import { outsideAddress } from "../outside-address.ts";
import { anchorNames } from "./anchor-names.ts";

/** The rest is dropped. Browsers take a second for the layout of this many. */
const elementsMax = 50_000;

interface Rendering {
  readonly nodes: readonly Node[];
  readonly isCut: boolean;
}

/** Allow list of elements. Text never becomes markup. */
export function renderTokens(tokens: readonly Token[]): Rendering {
  const whole = document.createDocumentFragment();
  const nameAnchor = anchorNames();
  const open: Node[] = [whole];
  let count = 0;
  for (const [index, token] of tokens
    .flatMap(withChildren)
    .filter(({ hidden }) => !hidden)
    .entries()) {
    count = index;
    const place = open.at(-1) ?? whole;
    if (token.nesting < 0) {
      const closed = open.pop();
      if (closed instanceof HTMLLIElement) markTask(closed);
      if (closed instanceof HTMLHeadingElement) closed.dataset["anchor"] = nameAnchor(closed.textContent);
      continue;
    }
    if (index > elementsMax) break;
    const made = makeNode(token);
    place.appendChild(made);
    if (token.nesting > 0)
      open.push(made instanceof HTMLElement ? (made.querySelector(":scope > .inner") ?? made) : made);
  }
  return { nodes: [...whole.childNodes], isCut: count > elementsMax };
}

function withChildren(token: Token): Token[] {
  return token.type === "inline" ? (token.children ?? []) : [token];
}

const plainTags: ReadonlySet<string> = new Set(
  "p h1 h2 h3 h4 h5 h6 blockquote ul li table thead tbody tr th td em strong s hr br".split(" "),
);
/** Directed by their own text. */
const ownDirection: ReadonlySet<string> = new Set("p h1 h2 h3 h4 h5 h6 blockquote ul ol table".split(" "));

function makeNode(token: Token): Node {
  const { type, tag, content } = token;
  if (type === "text" || type === "text_special" || type === "html_inline" || type === "html_block")
    return document.createTextNode(content);
  if (type === "softbreak") return document.createTextNode("\n");
  if (type === "plain") return document.createTextNode(content);
  if (type === "fence" || type === "code_block") return makeCode(content, token.info);
  if (type === "code_inline") return Object.assign(document.createElement("code"), { textContent: content });
  if (type === "image") return makeImage(content, attributeOf(token, "src"));
  if (type === "link_open") return makeLink(token);
  if (tag === "ol") return Object.assign(makeElement("ol"), { start: Number(token.attrGet("start") ?? 1) });
  const element = makeElement(plainTags.has(tag) ? tag : "span");
  const align = /^text-align:(left|center|right)$/.exec(String(token.attrGet("style")))?.[1];
  if (align !== undefined) element.classList.add(`at-${align}`);
  return tag === "table" ? inScroller(element) : element;
}

function makeElement(tag: string): HTMLElement {
  const element = document.createElement(tag);
  if (ownDirection.has(tag)) element.dir = "auto";
  if (/^h\d$/.test(tag)) element.tabIndex = -1;
  return element;
}

function inScroller(table: HTMLElement): HTMLElement {
  const scroller = document.createElement("div");
  scroller.className = "scroller";
  scroller.tabIndex = 0;
  table.classList.add("inner");
  scroller.append(table);
  return scroller;
}

function makeCode(content: string, info: string): HTMLElement {
  const block = document.createElement("pre");
  block.tabIndex = 0;
  block.dir = "ltr";
  const code = document.createElement("code");
  code.textContent = content.replace(/\n$/, "");
  const [language = ""] = info.trim().split(/\s/);
  if (language !== "") code.dataset["language"] = language;
  block.append(code);
  return block;
}

/** Never loaded, because a request reveals the reader to the author. */
function makeImage(words: string, source: string | undefined): HTMLElement {
  const image = document.createElement("span");
  image.className = "image";
  image.role = "img";
  image.ariaLabel = words === "" ? (source?.slice(0, 200) ?? "") : words;
  image.textContent = image.ariaLabel;
  return image;
}

/** Only external addresses and headings become links. */
function makeLink(token: Token): HTMLElement {
  const href = attributeOf(token, "href") ?? "";
  const address = href.startsWith("#") ? decoded(href) : outsideAddress(href);
  const link = document.createElement(address === undefined ? "span" : "a");
  if (address !== undefined) {
    link.setAttribute("href", address);
    link.dir = "auto";
  }
  const title = attributeOf(token, "title");
  if (title !== undefined) link.title = title;
  return link;
}

function attributeOf(token: Token, name: string): string | undefined {
  const value = token.attrGet(name);
  return value === null ? undefined : String(value);
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

/** `[x]` becomes a disabled checkbox. */
function markTask(point: HTMLLIElement): void {
  const first = point.firstChild instanceof HTMLParagraphElement ? point.firstChild : point;
  const text = first.firstChild;
  const mark = text instanceof Text ? /^\[([ xX])\](?=\s)/.exec(text.data) : null;
  if (mark === null || !(text instanceof Text)) return;
  text.data = text.data.slice(mark[0].length);
  const box = document.createElement("input");
  box.type = "checkbox";
  box.disabled = true;
  box.checked = mark[1] !== " ";
  box.ariaLabel = text.data.trim().slice(0, 100) || "-";
  point.classList.add("task");
  first.prepend(box);
}
