import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../../../../..");

/** One command of a page, as a reader would copy it. Lines that end in a backslash are joined. */
export interface PageCommand {
  readonly page: string;
  /** Counted from 1. */
  readonly line: number;
  readonly heading: string;
  readonly block: number;
  readonly text: string;
}

export const pages = ["README.md", ...globSync("docs/*.md", { cwd: root }).toSorted()];

export function readCommands(page: string): PageCommand[] {
  return findCommands(page, readFileSync(resolve(root, page), "utf8"));
}

interface Place {
  heading: string;
  block: number;
  fence: string | undefined;
  isIndented: boolean;
  before: string;
}

/**
 * Finds each line of an `sh` block, text after `$ ` in a block without a language, and each line of an indented block.
 * Such a block has an indent of four or more, follows an empty line and is not a list item.
 */
export function findCommands(page: string, text: string): PageCommand[] {
  const found: PageCommand[] = [];
  const at: Place = { heading: "", block: 0, fence: undefined, isIndented: false, before: "" };
  let open: PageCommand | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const part = commandIn(raw, at);
    at.before = raw;
    if (part === undefined) continue;
    const isMore = part.endsWith("\\");
    const plain = isMore ? part.slice(0, -1) : withoutRemark(part);
    const { heading, block } = at;
    const joined = open === undefined ? plain : `${open.text}${plain.trimStart()}`;
    const command = { page, line: open?.line ?? index + 1, heading, block, text: joined };
    open = isMore ? command : undefined;
    if (!isMore && command.text.trim() !== "") found.push({ ...command, text: command.text.trim() });
  }
  return found;
}

function commandIn(raw: string, at: Place): string | undefined {
  const fence = /^\s*```(\w*)/.exec(raw)?.[1];
  if (fence !== undefined) {
    at.fence = at.fence === undefined ? fence : undefined;
    if (at.fence !== undefined) at.block += 1;
    return undefined;
  }
  if (at.fence === "sh") return raw;
  if (at.fence === "") return /^\s*\$ (.*)$/.exec(raw)?.[1];
  if (at.fence !== undefined) return undefined;
  at.heading = /^#+ (.*)$/.exec(raw)?.[1] ?? at.heading;
  const indented = /^ {4,}(?!- |\d+\. | )(.*)$/.exec(raw)?.[1] ?? /^ {4,}(?!- |\d+\. )\S.*$/.exec(raw)?.[0].trimStart();
  if (raw.trim() === "") return undefined;
  const begins = indented !== undefined && at.before.trim() === "";
  if (begins && !at.isIndented) at.block += 1;
  at.isIndented = begins || (at.isIndented && indented !== undefined);
  return at.isIndented ? indented : undefined;
}

export function withoutRemark(line: string): string {
  return /^(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|(?!(?<=^|\s)#)[^'"\\])*/.exec(line)?.[0].trimEnd() ?? line;
}

/** Returns the words of each `holdfast` call in a shell line. Substitutions stay unexpanded. */
export function holdfastCalls(text: string): string[][] {
  return splitCalls(text).flatMap((words) => {
    const begin = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
    const call = words.slice(begin);
    if (call[0] === "npx") call.shift();
    return call[0] === "holdfast" ? [call.slice(1)] : [];
  });
}

function splitCalls(text: string): string[][] {
  const calls: string[][] = [[]];
  const token = /\s*(?:(&&|\|\||[|;&])|([<>]+)\s*\S+|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s|;&<>'"\\])+))/y;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[1] !== undefined) calls.push([]);
    if (match[3] !== undefined) calls.at(-1)?.push(unquote(match[3]));
  }
  return calls.filter((words) => words.length > 0);
}

function unquote(word: string): string {
  return word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) => {
    return single ?? (double as string | undefined)?.replaceAll(/\\(.)/g, "$1") ?? escaped;
  });
}
