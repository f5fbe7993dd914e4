/** Text fields use only LF, so texts are converted for the field and back. */
export type LineEnd = "\n" | "\r\n" | "\r";

/** @returns undefined for mixed endings, which could not be restored */
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
