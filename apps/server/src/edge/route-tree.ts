import { parse } from "node:querystring";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";

export interface Found<Place> {
  readonly place: Place;
  /** Decoded. The text of a final asterisk is named `*`. */
  readonly params: Readonly<Record<string, string>>;
}

interface Branch<Place> {
  readonly texts: Map<string, Branch<Place>>;
  /** For a segment `:name`. Patterns may name it differently. */
  any?: Branch<Place>;
  rest?: Leaf<Place>;
  leaf?: Leaf<Place>;
}

interface Leaf<Place> {
  readonly place: Place;
  readonly names: readonly string[];
}

/** Finds places by URL pattern. Segments of a pattern are text, `:name`, or a final `*`, tried in this order. */
export class RouteTree<Place> {
  readonly #root: Branch<Place> = { texts: new Map() };

  /** @param pattern for example `/files/:id` */
  add(pattern: string, place: Place): void {
    const names: string[] = [];
    let branch = this.#root;
    const segments = segmentsOf(pattern);
    for (const [at, segment] of segments.entries()) {
      assertPart(segment, at === segments.length - 1, pattern);
      if (segment === "*") {
        assertFree(branch.rest, pattern);
        branch.rest = { place, names: [...names, "*"] };
        return;
      }
      if (segment.startsWith(":")) names.push(segment.slice(1));
      branch = segment.startsWith(":") ? (branch.any ??= newBranch()) : textBranch(branch, segment);
    }
    assertFree(branch.leaf, pattern);
    branch.leaf = { place, names };
  }

  /**
   * @param path encoded, without query
   * @throws HoldfastError bad_request
   */
  find(path: string): Found<Place> | undefined {
    const segments = segmentsOf(path).map((segment) => decode(segment, path));
    const found = findBelow(this.#root, segments, 0, []);
    if (found === undefined) return undefined;
    const { leaf, values } = found;
    return { place: leaf.place, params: Object.fromEntries(leaf.names.map((name, at) => [name, values[at] ?? ""])) };
  }
}

/**
 * @param target of a request, which names scheme and host if it was sent to a proxy
 * @returns undefined if the target has no path
 */
export function splitTarget(target: string): { readonly path: string; readonly query: unknown } | undefined {
  const local = target.startsWith("/") ? target : /^https?:\/\/[^/?#]*(\/.*)$/i.exec(target)?.[1];
  if (local === undefined) return undefined;
  const end = local.search(/[?#]/);
  if (end === -1) return { path: local, query: {} };
  return { path: local.slice(0, end), query: parse(local.slice(end + 1), "&", "=", { maxKeys: 0 }) };
}

/** Other syntax would be taken as text or as a part of the name. */
function assertPart(segment: string, isLast: boolean, pattern: string): void {
  if (!(isLast && segment === "*") && !/^(?::\w+|[^:*]*)$/.test(segment))
    throw new HoldfastError("internal", `${pattern} is not a valid URL pattern.`);
}

function assertFree(taken: unknown, pattern: string): void {
  if (taken !== undefined) throw new HoldfastError("internal", `Another URL pattern matches the same as ${pattern}.`);
}

function newBranch<Place>(): Branch<Place> {
  return { texts: new Map() };
}

function textBranch<Place>(branch: Branch<Place>, text: string): Branch<Place> {
  const next = branch.texts.get(text) ?? newBranch();
  branch.texts.set(text, next);
  return next;
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

function decode(segment: string, path: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HoldfastError(
      "bad_request",
      `The path '${path}' has an invalid percent-encoding. A percent sign is sent as %25.`,
    );
  }
}

interface Match<Place> {
  readonly leaf: Leaf<Place>;
  readonly values: readonly string[];
}

function findBelow<Place>(
  branch: Branch<Place>,
  segments: readonly string[],
  at: number,
  values: readonly string[],
): Match<Place> | undefined {
  const segment = segments[at];
  if (segment === undefined) return branch.leaf && { leaf: branch.leaf, values };
  const text = branch.texts.get(segment);
  const ofText = text && findBelow(text, segments, at + 1, values);
  if (ofText !== undefined) return ofText;
  const ofAny = branch.any && findBelow(branch.any, segments, at + 1, [...values, segment]);
  if (ofAny !== undefined) {
    if (segment.length > limits.signedUrlBytesMax) throw new HoldfastError("bad_request", "The URL is too long.");
    return ofAny;
  }
  return branch.rest && { leaf: branch.rest, values: [...values, segments.slice(at).join("/")] };
}
