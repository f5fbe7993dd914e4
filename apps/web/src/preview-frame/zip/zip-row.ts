import { decimalMarkOf, formatBytes } from "@holdfast/core/format-bytes";
import type { FrameWords } from "../frame-messages.ts";
import type { ZipNode } from "./zip-tree.ts";

export interface RowMaker {
  readonly head: () => HTMLElement;
  readonly row: (node: ZipNode) => HTMLElement;
}

export function makeRowMaker(words: FrameWords, locale: string): RowMaker {
  const times = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const decimalMark = decimalMarkOf(locale);
  return {
    head: () => {
      const head = makeCell("row");
      head.className = "row head";
      head.ariaRowIndex = "1";
      const columns = [
        [words.name, "name"],
        [words.size, "size"],
        [words.changed, "changed"],
      ] as const;
      head.append(...columns.map(([text, look]) => makeCell("columnheader", look, text)));
      return head;
    },
    row: ({ name, depth, entry, children }) => {
      const row = makeCell("row");
      row.className = children === undefined ? "row" : "row folder";
      row.style.setProperty("--depth", String(Math.min(depth, shownDepthMax)));
      const title = makeCell("gridcell", "name");
      const shown = document.createElement("bdi");
      shown.textContent = shownName(name);
      title.append(shown);
      if (entry?.isEncrypted === true) title.append(makeMark(words.encrypted));
      title.title = name.slice(0, 1000);
      const size = children === undefined && entry !== undefined ? formatBytes(entry.contentBytes, decimalMark) : "";
      const changed = entry?.changedMs === undefined ? "" : times.format(entry.changedMs);
      row.append(title, makeCell("gridcell", "size", size), makeCell("gridcell", "changed", changed));
      return row;
    },
  };
}

/** Deeper rows would leave the page. */
const shownDepthMax = 16;
const shownCharactersMax = 255;

/** Hides line breaks and changes of the writing direction. */
function shownName(name: string): string {
  return name.slice(0, shownCharactersMax).replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, "\uFFFD");
}

function makeCell(role: string, look = "", text = ""): HTMLElement {
  const cell = document.createElement("div");
  cell.role = role;
  cell.className = look;
  cell.textContent = text;
  return cell;
}

function makeMark(text: string): HTMLElement {
  const mark = document.createElement("span");
  mark.className = "mark";
  mark.textContent = text;
  return mark;
}
