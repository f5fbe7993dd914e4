import { diff3Merge } from "node-diff3";

/** A stretch of lines that both agree on, or where both changed the same and somebody has to choose. */
export type MergedPart =
  | { readonly kind: "agreed"; readonly text: string }
  | { readonly kind: "conflict"; readonly mine: string; readonly theirs: string };

/** @param base what both began with. Lines keep their ends, so the parts together are a whole text */
export function mergeTexts(mine: string, base: string, theirs: string): MergedPart[] {
  const parts = diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true });
  return parts.flatMap((part): MergedPart[] => {
    if (part.ok !== undefined) return part.ok.length > 0 ? [{ kind: "agreed", text: part.ok.join("") }] : [];
    if (part.conflict === undefined) return [];
    return [{ kind: "conflict", mine: part.conflict.a.join(""), theirs: part.conflict.b.join("") }];
  });
}

export type Choice = "mine" | "theirs" | "both";

/** @param choices one for each conflict, in their order */
export function textOf(parts: readonly MergedPart[], choices: readonly Choice[]): string {
  let conflicts = 0;
  return parts
    .map((part) => {
      if (part.kind === "agreed") return part.text;
      const choice = choices[conflicts++] ?? "both";
      if (choice === "both") return `${withEnd(part.mine)}${part.theirs}`;
      return part[choice];
    })
    .join("");
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Of two last lines one after the other, the first needs an end. */
function withEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
