import { nameProblem } from "@holdfast/core/names";

/** How much of a name a rename selects at first: all but the ending, so that typing leaves `.txt` and `.tar.gz` alone. */
export function stemLength(name: string, isFolder: boolean): number {
  if (isFolder) return name.length;
  const ending = /(?:\.tar)?\.[\p{L}\p{N}_-]{1,16}$/u.exec(name);
  return ending === null || ending.index === 0 ? name.length : ending.index;
}

export type NameFault = "empty" | "dots" | "slash" | "sign" | "long";

/** What somebody has to mend in a name that they typed, or undefined. */
export function nameFault(name: string): NameFault | undefined {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (name.includes("/")) return "slash";
  if (nameProblem(name) === undefined) return undefined;
  return new TextEncoder().encode(name).length > 255 ? "long" : "sign";
}

/** `New folder`, or `New folder 2` where that is taken, and so on. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted;
  for (let number = 2; isTaken(name) && number < 10_000; number++) name = `${wanted} ${number}`;
  return name;
}

/**
 * A long name is cut in its middle, because its beginning and its ending both tell: the parts to lay out, of which the first may shrink.
 * A cut falls between characters as people see them.
 */
export function cutName(name: string): { readonly head: string; readonly tail: string } {
  if (name.length < 16) return { head: name, tail: "" };
  const wanted = Math.max(stemLength(name, false) - 4, name.length - 14);
  const boundary = Array.from(segments.segment(name), ({ index }) => index).findLast((index) => index <= wanted) ?? 0;
  return boundary === 0 ? { head: name, tail: "" } : { head: name.slice(0, boundary), tail: name.slice(boundary) };
}

const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" });
