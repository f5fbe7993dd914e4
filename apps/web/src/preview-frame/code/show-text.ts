import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import { colourWhenNear } from "./colour-blocks.ts";
import { languageOf } from "./language-of.ts";
import { colouredCharactersMax, cutText, decodeText, lineCharactersMax, type TextBlock } from "./text-lines.ts";

/** Estimates for blocks that are not rendered. */
const lineHeightPx = 20;
const charactersInRow = 100;

/** Renders only lines near the view, so millions of characters cost no more than a screenful. */
export function showText({ name, bytes, look }: FrameContent): FrameFacts {
  const text = decodeText(bytes);
  const { blocks, linesCount, longestLine, isCut } = cutText(text);
  const language = languageOf(name, text);
  const mayWrap = longestLine <= lineCharactersMax;
  const root = document.createElement("main");
  root.className = language === undefined ? "text prose" : "text code";
  root.tabIndex = 0;
  root.ariaLabel = name;
  root.dir = language === undefined ? "auto" : "ltr";
  root.style.setProperty("--digits", String(String(linesCount).length));
  root.style.setProperty("--longest", String(Math.min(longestLine, lineCharactersMax)));
  const places = blocks.map((block) => makePlace(text, block));
  root.append(...places);
  document.documentElement.classList.toggle("whole-lines", mayWrap && !look.wraps);
  document.body.replaceChildren(root);
  colourWhenNear({ text, blocks, places, language: longestLine <= colouredCharactersMax ? language : undefined });
  return { mayWrap, isCut };
}

/** A single text node, for the browser's search and screen readers, until it is rendered. */
function makePlace(text: string, { start, end, linesCount }: TextBlock): HTMLElement {
  const place = document.createElement("div");
  place.className = "block";
  const rows = Math.max(linesCount, Math.ceil((end - start) / charactersInRow));
  place.style.containIntrinsicBlockSize = `auto ${rows * lineHeightPx}px`;
  place.textContent = text.slice(start, end);
  return place;
}
