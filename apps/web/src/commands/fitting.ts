import { foldName } from "@holdfast/core/sort-key";

/** What has each of the words somewhere in its label; what begins so comes first, the rest stays in its order. */
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
