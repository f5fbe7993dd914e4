/** Includes the line end if there is one. */
export interface Edit {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

/**
 * A unified diff from its first `@@` on, as `patch` reads it.
 * @param edits a complete section of both sides
 * @param firstLine first line of the section, from 1, equal on both sides
 */
export function hunksOf(edits: readonly Edit[], firstLine: number, contextLines: number): string[] {
  const lines: string[] = [];
  let [from, to] = [firstLine, firstLine];
  let passed = 0;
  for (const { start, end } of stretchesOf(edits, contextLines)) {
    from += start - passed;
    to += start - passed;
    const hunk = edits.slice(start, end);
    const [fromCount, toCount] = [countOf(hunk, "+"), countOf(hunk, "-")];
    lines.push(`@@ -${rangeOf(from, fromCount)} +${rangeOf(to, toCount)} @@`, ...hunk.flatMap(shown));
    from += fromCount;
    to += toCount;
    passed = end;
  }
  return lines;
}

/** Ranges whose context touches are joined. */
function stretchesOf(edits: readonly Edit[], contextLines: number): { start: number; end: number }[] {
  const stretches: { start: number; end: number }[] = [];
  for (const [index, { sign }] of edits.entries()) {
    if (sign === " ") continue;
    const start = Math.max(0, index - contextLines);
    const end = Math.min(edits.length, index + 1 + contextLines);
    const last = stretches.at(-1);
    if (last !== undefined && start <= last.end) last.end = end;
    else stretches.push({ start, end });
  }
  return stretches;
}

function countOf(edits: readonly Edit[], otherSign: Edit["sign"]): number {
  return edits.filter(({ sign }) => sign !== otherSign).length;
}

/** An empty range has the number of the line before it. */
function rangeOf(first: number, count: number): string {
  return `${count === 0 ? first - 1 : first},${count}`;
}

function shown({ sign, line }: Edit): string[] {
  return line.endsWith("\n") ? [sign + line.slice(0, -1)] : [sign + line, "\\ No newline at end of file"];
}
