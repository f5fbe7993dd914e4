/** How each line of a text ends. A field of a page knows but one way, so the text is given it so, and back as it was. */
export type LineEnd = "\n" | "\r\n" | "\r";

/** @returns undefined for a text that mixes them: it could not be given back as it was */
export function lineEndOf(text: string): LineEnd | undefined {
  const ends = new Set(text.match(/\r\n|\n|\r/g));
  if (ends.size > 1) return undefined;
  const [end = "\n"] = ends;
  return end as LineEnd;
}

export function toField(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}

export function fromField(text: string, end: LineEnd): string {
  return end === "\n" ? text : text.replaceAll("\n", end);
}
