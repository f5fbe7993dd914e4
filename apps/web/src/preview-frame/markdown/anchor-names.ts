/**
 * Names headings like other Markdown renderers, so that links within a document work. `The End` becomes `the-end`, a
 * second one `the-end-1`.
 */
export function anchorNames(): (words: string) => string {
  const counts = new Map<string, number>();
  return (words) => {
    const name = words
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  };
}
