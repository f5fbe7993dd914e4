import { readClass } from "./read-class.ts";
import { SegmentGlob, type Unit } from "./segment-glob.ts";

export interface PathPattern {
  /** Starts with `!`: a match is not ignored. */
  readonly isNegative: boolean;
  /** May start at any name of a path. */
  readonly floats: boolean;
  /** Any number of names may lie between two chunks. */
  readonly chunks: readonly (readonly SegmentGlob[])[];
  readonly end: "any" | "folder" | "below";
  /** The last name may be the empty one after a folder's slash. */
  readonly mayEndEmpty: boolean;
}

/**
 * Unit of a name, or `star`, `filled`, `globstar`, `slash` or `quoted slash`. A slash after a backslash separates
 * names, but `**` beside it is two stars. `filled` is the star of a last name that must not be empty.
 */
type Token = Unit;

/** @returns undefined for a comment, an empty line or a pattern that matches nothing, as in git */
export function readPattern(line: string): PathPattern | undefined {
  if (line.startsWith("#")) return undefined;
  const isNegative = line.startsWith("!");
  const body = trimmed(isNegative ? line.slice(1) : line);
  if (body === "") return undefined;
  // In a pattern that matches everything, the slash has no special meaning.
  const tokens = isWholeGlobstar(body) ? ["star" as const] : readTokens(body.replace(/^\\(?=[!#])/, ""));
  return tokens === undefined ? undefined : { isNegative, ...arrange(withGlobstars(tokens), hasInnerSlash(body)) };
}

const isWholeGlobstar = (body: string) => /^\/\*{2,}$/.test(body);
const hasInnerSlash = (body: string) => !isWholeGlobstar(body) && body.slice(0, -1).includes("/");

/** Keeps a trailing space after a backslash. */
function trimmed(body: string): string {
  let end = body.length;
  while (body[end - 1] === " ") end -= 1;
  let backslashes = 0;
  while (body[end - 1 - backslashes] === "\\") backslashes += 1;
  if (backslashes % 2 === 0) return body.slice(0, end);
  // A trailing backslash makes the pattern invalid.
  return end === body.length ? "" : `${body.slice(0, end - 1)} `;
}

const special: Readonly<Record<string, Token>> = { "?": "any", "*": "star", "/": "slash" };

/** @returns undefined if it matches nothing */
function readTokens(body: string): Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const char = body.charAt(at);
    if (char === "\\") {
      at += 1;
      if (body[at] === "/" && at + 1 === body.length) return undefined;
      tokens.push(body[at] === "/" ? "quoted slash" : body.charAt(at));
    } else if (char === "[") {
      const read = readClass(body, at);
      if (read === undefined) return undefined;
      tokens.push(read.unitClass);
      at = read.end;
    } else tokens.push(special[char] ?? char);
  }
  return tokens;
}

/** Consecutive stars are special as a whole name. */
function withGlobstars(tokens: readonly Token[]): Token[] {
  const merged: Token[] = [];
  for (let at = 0, next = 1; at < tokens.length; at = next, next += 1) {
    while (tokens[at] === "star" && tokens[next] === "star") next += 1;
    const token = tokens[at];
    if (token !== undefined) merged.push(token === "star" ? starOf(tokens, at, next) : token);
  }
  return merged;
}

function starOf(tokens: readonly Token[], start: number, end: number): Token {
  const [before, after] = [tokens[start - 1], tokens[end]];
  const isWhole = (before ?? "slash") === "slash" && (after ?? "slash") === "slash";
  if (end - start > 1) return isWhole ? "globstar" : "star";
  return after === undefined && (before === "slash" || before === "quoted slash") ? "filled" : "star";
}

function arrange(tokens: readonly Token[], hasSlashInside: boolean): Omit<PathPattern, "isNegative"> {
  const isLed = tokens[0] === "slash";
  let start = isLed ? 1 : 0;
  let floats = !isLed && !hasSlashInside;
  for (; tokens[start] === "globstar" && tokens[start + 1] === "slash"; start += 2) floats = true;
  const isFolder = tokens.length > start && tokens.at(-1) === "slash";
  const names = namesOf(tokens.slice(start, isFolder ? -1 : undefined));
  const isOpen = names.length > 1 && isGlobstar(names.at(-1));
  // Everything below a folder, restricted to folders.
  if (isOpen && isFolder) names.push(["filled"]);
  else if (isOpen) names.pop();
  const chunks: SegmentGlob[][] = [[]];
  for (const [index, name] of names.entries()) {
    if (index > 0 && isGlobstar(name)) chunks.push([]);
    else chunks.at(-1)?.push(globOf(name));
  }
  const rest = isOpen ? "below" : "any";
  const mayEndEmpty = !isFolder && !isOpen && chunks.at(-1)?.at(-1)?.takesEmpty === true;
  return { floats, chunks, end: isFolder ? "folder" : rest, mayEndEmpty };
}

const isGlobstar = (name: readonly Token[] | undefined) => name?.[0] === "globstar";

function namesOf(tokens: readonly Token[]): Token[][] {
  const names: Token[][] = [[]];
  for (const token of tokens) {
    if (token === "slash" || token === "quoted slash") names.push([]);
    else names.at(-1)?.push(token);
  }
  return names;
}

function globOf(name: readonly Token[]): SegmentGlob {
  const pieces: Unit[][] = [[]];
  for (const token of name) {
    if (token === "star" || token === "filled" || token === "globstar") pieces.push([]);
    else pieces.at(-1)?.push(token);
  }
  return new SegmentGlob(pieces, name.includes("filled"));
}
