/**
 * What people wrote, made fit to stand in a mail that comes in our name. All of it is hostile until it went through here: it may hold
 * line breaks that begin a header, marks that turn the direction of what follows, and more characters than anybody reads.
 */

const nameCharactersMax = 80;

/** One line, at most 80 characters, its direction kept to itself; for names of people, files and devices, and in subjects. */
export function shownName(name: string): string {
  return isolated(shortened(oneLine(name), nameCharactersMax));
}

/** The name of a file as it is, its length too, but for what turns directions: its end would seem to be another. */
export function shownFileName(name: string): string {
  return isolated(oneLine(name));
}

/**
 * As a name, of somebody who invites strangers: a web address among it would be a link in every client, and such mails are an old way to
 * spread them.
 */
export function shownPerson(name: string): string {
  return shownName(name.replaceAll(webAddress, "…"));
}

/** Lines of a message, bounded; none that is empty twice. */
export function shownLines(text: string, charactersMax: number): string[] {
  const lines = shortened(withoutBreaks(text), charactersMax).split("\n");
  return lines
    .map((line) => isolated(withoutControls(line).trim()))
    .filter((line, at, all) => line !== "" || all[at - 1] !== "");
}

const webAddress = /\b(?:[a-z][a-z0-9+.-]*:\/\/|www\.)\S*/giu;
/** C0, DEL, C1, and what breaks lines. */
const controls = /[\p{Cc}\u2028\u2029]+/gu;
/** Marks that turn, embed or isolate directions: those that we need we set ourselves. Tags and such that show nothing go with them. */
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

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/** A character may be many code points, so those are bounded too: one letter can carry a thousand marks. */
function shortened(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  let kept = "";
  let count = 0;
  for (const { segment, index } of graphemes.segment(text.slice(0, charactersMax * 4))) {
    if (count === charactersMax - 1 || index + segment.length > charactersMax * 2) return `${kept.trimEnd()}…`;
    kept += segment;
    count += 1;
  }
  return kept.length < text.length ? `${kept.trimEnd()}…` : kept;
}

/** First strong isolate to pop (UAX 9), so that a name from right to left leaves the sentence around it as it is. */
function isolated(text: string): string {
  return rightToLeft.test(text) ? `\u2068${text}\u2069` : text;
}
