/** If several fit equally well, the first is used. The comma is last because it is also a decimal mark. */
const delimiters = ["\t", ";", "|", ","];

const sampleCharacters = 65_536;
const sampleLinesMax = 50;

/** A cell in quotes, which may contain delimiters and line ends. Never backtracks. */
const quotedCell = /(^|[\t;|,\r\n])"[^"]*(?:""[^"]*)*(?:"|$)/g;

/** Finds the delimiter that occurs equally often in most of the first lines, outside of quotes. */
export function delimiterOf(name: string, text: string): string {
  if (/\.tsv$/i.test(name)) return "\t";
  const sample = text.slice(0, sampleCharacters).replaceAll(quotedCell, "$1");
  const lines = sample.split(/\r\n?|\n/, sampleLinesMax);
  let best = ",";
  let bestCount = 0;
  for (const delimiter of delimiters) {
    const count = agreeingLines(lines.map((line) => line.split(delimiter).length - 1));
    if (count > bestCount) [best, bestCount] = [delimiter, count];
  }
  return best;
}

/** @param counts delimiters of each line @returns number of lines that have the most frequent count */
function agreeingLines(counts: readonly number[]): number {
  const lines = new Map<number, number>();
  for (const count of counts) if (count > 0) lines.set(count, (lines.get(count) ?? 0) + 1);
  return Math.max(0, ...lines.values());
}
