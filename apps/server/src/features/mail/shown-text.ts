/**
 * Sanitizes users' texts for mails in our name. Hostile texts may contain line breaks that begin a header, marks that
 * change the text direction, and excessive length.
 */

const nameCharactersMax = 80;

/** One line of at most 80 characters with isolated direction, for names and subjects. */
export function shownName(name: string): string {
  return isolated(shortened(oneLine(name), nameCharactersMax));
}

/** Keeps a file name complete, but removes direction marks, which could disguise its end. */
export function shownFileName(name: string): string {
  return isolated(oneLine(name));
}

/**
 * Name of a person who invites strangers. Removes web addresses: every client would show them as links, an old way to
 * spread them.
 */
export function shownPerson(name: string): string {
  return shownName(name.replaceAll(webAddress, "…"));
}

/** Lines with a limited number of characters, without repeated empty ones. */
export function shownLines(text: string, charactersMax: number): string[] {
  const lines = shortened(withoutBreaks(text), charactersMax).split("\n");
  return lines
    .map((line) => isolated(withoutControls(line).trim()))
    .filter((line, at, all) => line !== "" || all[at - 1] !== "");
}

const webAddress = /\b(?:[a-z][a-z0-9+.-]*:\/\/|www\.)\S*/giu;
/** C0, DEL, C1, and line separators. */
const controls = /[\p{Cc}\u2028\u2029]+/gu;
/** Marks for direction, embedding and isolation, which only our own code may add, and invisible tags. */
const directionMarks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const rightToLeft =
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

function oneLine(text: string): string {
  return withoutControls(text).replaceAll(/\s+/gu, " ").trim();
}

function withoutControls(text: string): string {
  return text.toWellFormed().replaceAll(controls, " ").replaceAll(directionMarks, "");
}

function withoutBreaks(text: string): string {
  return text.replaceAll(/\r\n?|[\u0085\u2028\u2029\v\f]/gu, "\n");
}

/** Created on first use, which takes 10 ms. */
let graphemes: Intl.Segmenter | undefined;

/** Also limits code points: one character can have a thousand combining marks. */
function shortened(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  let kept = "";
  let count = 0;
  graphemes ??= new Intl.Segmenter("und", { granularity: "grapheme" });
  for (const { segment, index } of graphemes.segment(text.slice(0, charactersMax * 4))) {
    if (count === charactersMax - 1 || index + segment.length > charactersMax * 2) return `${kept.trimEnd()}…`;
    kept += segment;
    count += 1;
  }
  return kept.length < text.length ? `${kept.trimEnd()}…` : kept;
}

/** Adds first strong isolate and pop (UAX 9), so that right-to-left text does not affect its sentence. */
function isolated(text: string): string {
  return rightToLeft.test(text) ? `\u2068${text}\u2069` : text;
}
