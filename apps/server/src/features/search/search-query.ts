import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { foldName } from "@holdfast/core/sort-key";
import { parseTime } from "@holdfast/core/times";
import type { SearchType } from "@holdfast/protocol/search-routes";
import mimeTypes from "mime-types";
import type { NodeRow } from "../../base/db/shard-tables.ts";

export interface SearchQuery {
  /** Words as they were entered, folded. */
  readonly text: string;
  /** Folded; the name must contain all. */
  readonly words: readonly string[];
  readonly kinds: readonly NodeRow["kind"][] | undefined;
  /** Folded; undefined: any. */
  readonly extensions: readonly string[] | undefined;
  readonly modified: { readonly fromMicros: number; readonly toMicros: number } | undefined;
}

export interface SearchText {
  readonly q?: string | undefined;
  readonly type?: SearchType | undefined;
  readonly modified?: string | undefined;
  /** `me`, `others`, or an account's id. */
  readonly owner?: string | undefined;
  readonly in?: string | undefined;
}

export function readQuery(text: SearchText): SearchQuery {
  const { q = "", type, modified } = text;
  if (q.includes("\0")) {
    throw new HoldfastError("invalid_field", "A search cannot contain a NUL character.", { field: "q" });
  }
  const entered = foldName(q)
    .split(/\s+/u)
    .filter((word) => word !== "");
  const words = [...new Set(entered)];
  const isNarrowed = [type, modified, text.owner, text.in].some((each) => each !== undefined);
  if ((words.length === 0 && !isNarrowed) || words.length > limits.searchWordsMax) {
    const wanted = `between 1 and ${limits.searchWordsMax} words`;
    const message = `A search needs ${wanted} of the name, or a type, an owner, a time or a folder.`;
    throw new HoldfastError("invalid_field", message, { field: "q" });
  }
  return {
    text: entered.join(" "),
    words,
    kinds: type === undefined ? undefined : kindsOf(type),
    extensions: type === undefined ? undefined : extensionsOf[type],
    modified: modified === undefined ? undefined : readRange(modified),
  };
}

/** Must agree with `searched` in own-names.ts. */
export function matches(query: SearchQuery, row: Pick<NodeRow, "name" | "kind" | "modified_at">): boolean {
  const name = foldName(row.name);
  return (
    query.words.every((word) => name.includes(word)) &&
    query.kinds?.includes(row.kind) !== false &&
    query.extensions?.includes(/\.([^.]*)$/.exec(name)?.[1] ?? "") !== false &&
    (query.modified === undefined ||
      (row.modified_at >= query.modified.fromMicros && row.modified_at < query.modified.toMicros))
  );
}

function kindsOf(type: SearchType): readonly NodeRow["kind"][] {
  return type === "folder" ? ["folder", "mount"] : ["file"];
}

const documents = [
  "application/pdf",
  "application/rtf",
  "application/msword",
  "application/epub+zip",
  "application/vnd.ms-",
  "application/vnd.openxmlformats-officedocument",
  "application/vnd.oasis.opendocument",
  "application/vnd.apple.",
  "text/",
];

function extensionsLike(...starts: readonly string[]): string[] {
  const types = Object.entries(mimeTypes.extensions);
  return types.flatMap(([type, extensions]) => (starts.some((start) => type.startsWith(start)) ? extensions : []));
}

const extensionsOf: Readonly<Record<SearchType, readonly string[] | undefined>> = {
  file: undefined,
  folder: undefined,
  image: extensionsLike("image/"),
  audio: extensionsLike("audio/"),
  video: extensionsLike("video/"),
  document: extensionsLike(...documents),
};

/** Reads `FROM..TO` with dates or RFC 3339 times; either side may be missing. */
function readRange(text: string): { fromMicros: number; toMicros: number } {
  const parts = text.split("..");
  const [from = "", to = ""] = parts;
  if (parts.length !== 2 || (from === "" && to === "")) throw noRange();
  return { fromMicros: momentOf(from) ?? Number.MIN_SAFE_INTEGER, toMicros: momentOf(to) ?? Number.MAX_SAFE_INTEGER };
}

function momentOf(text: string): number | undefined {
  if (text === "") return undefined;
  try {
    return parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  } catch {
    throw noRange();
  }
}

function noRange(): HoldfastError {
  const message = "Use FROM..TO with dates or times, such as 2026-01-01..2026-02-01; one of them can be omitted.";
  return new HoldfastError("invalid_field", message, { field: "modified" });
}
