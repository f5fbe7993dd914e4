import { foldName } from "@holdfast/core/sort-key";

/** Keeps entries whose label contains every word. Labels that begin with the first word come first. */
export function fitting<Each>(all: readonly Each[], labelOf: (each: Each) => string, query: string): readonly Each[] {
  const words = foldName(query.trim())
    .split(/\s+/u)
    .filter((word) => word !== "");
  const labelled = all.map((each) => ({ each, label: foldName(labelOf(each)) }));
  const found = labelled.filter(({ label }) => words.every((word) => label.includes(word)));
  const first = words[0] ?? "";
  const [begins, others] = [
    found.filter(({ label }) => label.startsWith(first)),
    found.filter(({ label }) => !label.startsWith(first)),
  ];
  return [...begins, ...others].map(({ each }) => each);
}
