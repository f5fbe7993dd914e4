import type { FrameAnswer, FrameFacts, PdfMatches, PdfView } from "./frame-messages.ts";
import { outsideAddress } from "./outside-address.ts";

const reasonCharactersMax = 500;

/** A malicious file may control the message. @returns undefined if invalid */
export function readAnswer(data: unknown): FrameAnswer | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const field = (name: string): unknown => Reflect.get(data, name);
  switch (field("state")) {
    case "shown":
      return { state: "shown", facts: readFacts(field("facts")) };
    case "failed":
      return { state: "failed", reason: textOf(field("reason")) };
    case "left":
      return { state: "left" };
    case "link": {
      const address = outsideAddress(field("address"));
      return address === undefined ? undefined : { state: "link", address };
    }
    case "read": {
      const [number, start, end] = [field("number"), field("start"), field("end")];
      return isCount(number) && isCount(start) && isCount(end) ? { state: "read", number, start, end } : undefined;
    }
    case "view": {
      const view = readView(field("view"));
      return view && { state: "view", view };
    }
    case "matches": {
      const matches = readMatches(field("matches"));
      return matches && { state: "matches", matches };
    }
    case "password":
      return { state: "password", isWrong: field("isWrong") === true };
    case "find":
      return { state: "find" };
    default:
      return undefined;
  }
}

function readView(data: unknown): PdfView | undefined {
  const [page, pagesCount, percent, fit] = fieldsOf(data, ["page", "pagesCount", "percent", "fit"]);
  if (!isCount(page) || !isCount(pagesCount) || !isCount(percent) || page < 1 || page > pagesCount) return undefined;
  return { page, pagesCount, percent, ...(fit === "width" || fit === "page" ? { fit } : {}) };
}

function readMatches(data: unknown): PdfMatches | undefined {
  const [at, total, isPending] = fieldsOf(data, ["at", "total", "isPending"]);
  if (!isCount(at) || !isCount(total) || at > total) return undefined;
  return { at, total, isPending: isPending === true };
}

function fieldsOf(data: unknown, names: readonly string[]): readonly unknown[] {
  return typeof data === "object" && data !== null ? names.map((name): unknown => Reflect.get(data, name)) : [];
}

function readFacts(data: unknown): FrameFacts {
  if (typeof data !== "object" || data === null) return {};
  const fields = new Map<string, unknown>(Object.entries(data));
  const flags = flagNames.filter((name) => fields.get(name) === true);
  const counts = countNames.filter((name) => isCount(fields.get(name)));
  return Object.fromEntries([...flags, ...counts].map((name) => [name, fields.get(name)]));
}

const flagNames = ["mayWrap", "isCut", "hasCutCells"] as const satisfies readonly (keyof FrameFacts)[];
const countNames = [
  "filesCount",
  "foldersCount",
  "contentBytes",
  "rowsCount",
  "columnsCount",
] as const satisfies readonly (keyof FrameFacts)[];

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function textOf(data: unknown): string {
  return typeof data === "string" ? data.slice(0, reasonCharactersMax) : "";
}
