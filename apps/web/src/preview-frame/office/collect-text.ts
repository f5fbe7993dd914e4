import { tableLimits } from "../table/parse-table.ts";
import type { OfficeText } from "./office-package.ts";
import { scanXml } from "./read-xml.ts";

/** One more than a cell shows, so that the cell is known to be shortened. */
const charactersMax = tableLimits.cellCharactersMax + 1;

/** Collects the text in elements `t` of a cell, without formatting and phonetic hints. */
export function collectText() {
  let collected = "";
  let isText = false;
  let isHint = false;
  return {
    open: (name: string): void => {
      if (name === "t") isText = true;
      if (name === "rPh") isHint = true;
    },
    close: (name: string): void => {
      if (name === "t") isText = false;
      if (name === "rPh") isHint = false;
    },
    add: (text: string): void => {
      if (isText && !isHint && collected.length < charactersMax) collected += text.slice(0, charactersMax);
    },
    /** @returns the text since the last call */
    take: (): string => {
      const taken = collected;
      collected = "";
      return taken.replaceAll(escapedCharacter, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    },
  };
}

/** Excel writes characters that XML does not allow as `_x000D_`. */
const escapedCharacter = /_x([\dA-F]{4})_/gi;

/** Texts that cells reference by their position. */
export function readStrings(part: OfficeText): string[] {
  const strings: string[] = [];
  const text = collectText();
  scanXml(part, {
    open: text.open,
    close: (name) => {
      text.close(name);
      if (name === "si") strings.push(text.take());
    },
    text: text.add,
  });
  return strings;
}
