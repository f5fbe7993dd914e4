/** Line, or piece of a line that is too long for layout. */
export interface TextLine {
  readonly text: string;
  /** Line number from 1; undefined: continues the line before. */
  readonly number: number | undefined;
}

export interface TextBlock {
  readonly start: number;
  readonly end: number;
  /** Number of the first line, from 1. */
  readonly number: number;
  /** Begins in the middle of that line. */
  readonly goesOn: boolean;
  readonly linesCount: number;
}

export interface CutText {
  readonly blocks: readonly TextBlock[];
  readonly linesCount: number;
  /** Length in characters. */
  readonly longestLine: number;
  /** The rest is in no block. */
  readonly isCut: boolean;
}

/** Browsers limit the height of a page. Beyond, all lines would be at one position and rendered at once. */
export const linesMax = 1_000_000;

/** Limit for colors, because some parsers take quadratic time on longer lines. */
export const colouredCharactersMax = 1000;

export const lineCharactersMax = 10_000;
const pieceCharacters = 2000;
const blockCharacters = 20_000;
const blockLinesMin = 100;
/** Each block has a cost even outside the view. */
const blocksMax = 2000;

/** Linear time. Memory is independent of the number of lines, which may be five million in five MiB. */
export function cutText(text: string): CutText {
  const blockLinesMax = Math.max(blockLinesMin, Math.ceil(Math.min(countLines(text), linesMax) / blocksMax));
  const blocks: TextBlock[] = [];
  let longestLine = 0;
  let number = 1;
  let block = { start: 0, number, goesOn: false, linesCount: 0 };
  const close = (end: number, goesOn: boolean) => {
    if (block.linesCount > 0) blocks.push({ ...block, end });
    block = { start: end, number, goesOn, linesCount: 0 };
  };
  let start = 0;
  for (; number <= linesMax && (start < text.length || number === 1); number += 1) {
    if (block.linesCount >= blockLinesMax || start - block.start >= blockCharacters) close(start, false);
    const end = lineEnd(text, start);
    longestLine = Math.max(longestLine, end - start);
    if (end - start > lineCharactersMax) {
      close(start, false);
      for (let at = start; at < end;) {
        at = afterPieces(text, at, end);
        block.linesCount = 1;
        if (at < end) close(at, true);
      }
    } else block.linesCount += 1;
    start = nextStart(text, end);
  }
  close(Math.min(start, text.length), false);
  return { blocks, linesCount: number - 1, longestLine, isCut: start < text.length };
}

export function linesOf(text: string, { start, end, number, goesOn }: TextBlock): TextLine[] {
  const lines: TextLine[] = [];
  let current: number | undefined = number;
  for (let from = start; from < end || lines.length === 0; current += 1) {
    const till = Math.min(lineEnd(text, from), end);
    for (const piece of piecesOf(text, from, till))
      lines.push({ text: piece.text, number: piece.isFirst && !(goesOn && lines.length === 0) ? current : undefined });
    from = nextStart(text, till);
  }
  return lines;
}

function piecesOf(text: string, start: number, end: number): { readonly text: string; readonly isFirst: boolean }[] {
  if (end - start <= lineCharactersMax) return [{ text: text.slice(start, end), isFirst: true }];
  const pieces = [];
  for (let from = start; from < end;) {
    const till = wholeCharacter(text, Math.min(end, from + pieceCharacters));
    pieces.push({ text: text.slice(from, till), isFirst: from === start });
    from = till;
  }
  return pieces;
}

function afterPieces(text: string, from: number, end: number): number {
  return wholeCharacter(text, Math.min(end, from + blockCharacters));
}

/** Never splits a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const isInside = isBetween(text.charCodeAt(at - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at), 0xdc00, 0xdfff);
  return isInside ? at + 1 : at;
}

function isBetween(code: number, low: number, high: number): boolean {
  return code >= low && code <= high;
}

const lineFeed = 10;
const carriageReturn = 13;

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === lineFeed || code === carriageReturn) return at;
  }
  return text.length;
}

function nextStart(text: string, end: number): number {
  const isTwo = text.charCodeAt(end) === carriageReturn && text.charCodeAt(end + 1) === lineFeed;
  return end + (isTwo ? 2 : 1);
}

function countLines(text: string): number {
  let count = 0;
  for (let start = 0; start < text.length; count += 1) start = nextStart(text, lineEnd(text, start));
  return count;
}

/** Decodes by the byte order mark, otherwise as UTF-8 or windows-1252. Drops an incomplete last character. */
export function decodeText(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  let encoding = "utf-8";
  if (first === 0xff && second === 0xfe) encoding = "utf-16le";
  if (first === 0xfe && second === 0xff) encoding = "utf-16be";
  const text = new TextDecoder(encoding).decode(bytes, { stream: true });
  return encoding === "utf-8" && isMostlyInvalid(text) ? new TextDecoder("windows-1252").decode(bytes) : text;
}

/** A few damaged characters do not make a text windows-1252. */
function isMostlyInvalid(text: string): boolean {
  if (!text.includes("\uFFFD")) return false;
  let invalid = 0;
  let valid = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0xfffd) invalid += 1;
    else if (code > 0x7f) valid += 1;
  }
  return invalid > valid;
}
