import type { FrameAnswer, FrameFacts } from "./frame-messages.ts";
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
    default:
      return undefined;
  }
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
