import { diff3Merge } from "node-diff3";

export type MergedPart =
  | { readonly kind: "agreed"; readonly text: string }
  | { readonly kind: "conflict"; readonly mine: string; readonly theirs: string };

/** Lines keep their endings, so the joined parts form a text. @param base common ancestor */
export function mergeTexts(mine: string, base: string, theirs: string): MergedPart[] {
  const parts = diff3Merge(linesOf(mine), linesOf(base), linesOf(theirs), { excludeFalseConflicts: true });
  return parts.flatMap((part): MergedPart[] => {
    if (part.ok !== undefined) return part.ok.length > 0 ? [{ kind: "agreed", text: part.ok.join("") }] : [];
    if (part.conflict === undefined) return [];
    return [{ kind: "conflict", mine: part.conflict.a.join(""), theirs: part.conflict.b.join("") }];
  });
}

export type Choice = "mine" | "theirs" | "both";

/** @param choices one per conflict, in order */
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

/** Adds the line ending that a following text needs. */
function withEnd(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
