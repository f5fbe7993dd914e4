import { nameProblem } from "@holdfast/core/names";

/** Length without the ending, such as `.txt` or `.tar.gz`, for preselection in a rename. */
export function stemLength(name: string, isFolder: boolean): number {
  if (isFolder) return name.length;
  const ending = /(?:\.tar)?\.[\p{L}\p{N}_-]{1,16}$/u.exec(name);
  return ending === null || ending.index === 0 ? name.length : ending.index;
}

export type NameFault = "empty" | "dots" | "slash" | "sign" | "long";

export function nameFault(name: string): NameFault | undefined {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (name.includes("/")) return "slash";
  if (nameProblem(name) === undefined) return undefined;
  return new TextEncoder().encode(name).length > 255 ? "long" : "sign";
}

/** Beginning and ending of a name both matter, so the head may be truncated. Splits between graphemes. */
export function cutName(name: string): { readonly head: string; readonly tail: string } {
  if (name.length < 16) return { head: name, tail: "" };
  const wanted = Math.max(stemLength(name, false) - 4, name.length - 14);
  const boundary = Array.from(segments.segment(name), ({ index }) => index).findLast((index) => index <= wanted) ?? 0;
  return boundary === 0 ? { head: name, tail: "" } : { head: name.slice(0, boundary), tail: name.slice(boundary) };
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
