import type { NodeJson } from "@holdfast/protocol/values";

/** Shown in the sandboxed frame. */
export type FramedKind = "text" | "markdown" | "table" | "drawing" | "pdf" | "document" | "workbook";

/** none: can only be saved. */
export type PreviewKind = "image" | "video" | "audio" | FramedKind | "zip" | "none";

/** Pictures and videos have a dark ground in both themes. */
export function groundOf(kind: PreviewKind): string {
  return kind === "image" || kind === "video" ? "bg-canvas text-text scheme-dark" : "";
}

/** Rendered by every browser without running scripts. */
const images = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"]);

const textTypes =
  /^(text\/|application\/(json|xml|javascript|x-sh|sql|toml|yaml|x-yaml|ld\+json|x-ndjson)|image\/svg\+xml)/;
const textEndings =
  /\.(txt|md|markdown|log|js|mjs|cjs|ts|tsx|jsx|json|ya?ml|toml|ini|conf|env|xml|html?|css|scss|less|sql|sh|bash|zsh|fish|py|rb|rs|go|c|h|cc|cpp|hpp|java|kt|swift|cs|php|pl|lua|r|jl|hs|ex|exs|erl|clj|scala|vue|svelte|svg|tex|bib|diff|patch|gitignore|editorconfig|dockerfile|makefile)$/i;

/** Files of Word and Excel since 2007, also templates and those with macros, which are not read. */
const documentType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const documentEndings = /\.(docx|docm|dotx|dotm)$/i;
const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const workbookEndings = /\.(xlsx|xlsm|xltx|xltm)$/i;

/** Larger files show as source text or not at all. Tables show their beginning. */
export const renderedBytesMax: Readonly<Record<Exclude<FramedKind, "table">, number>> = {
  text: 0,
  markdown: 1_000_000,
  drawing: 10_000_000,
  pdf: 100_000_000,
  document: 50_000_000,
  workbook: 50_000_000,
};

export const textBytesMax = 5 * 1024 * 1024;

/** The file is text, which the app can also show as source and edit. */
export function isText(kind: PreviewKind): boolean {
  return kind === "text" || kind === "markdown" || kind === "table" || kind === "drawing";
}

export function previewKind({
  kind,
  mime_type,
  name,
  size,
}: Pick<NodeJson, "kind" | "mime_type" | "name" | "size">): PreviewKind {
  if (kind !== "file") return "none";
  const type = mime_type ?? "";
  if (images.has(type)) return "image";
  if (type === "application/pdf" || /\.pdf$/i.test(name)) return "pdf";
  // `.ts` also means MPEG transport stream, whose type TypeScript files get too. Videos are larger.
  if (/\.[cm]?ts$/i.test(name) && size <= textBytesMax) return "text";
  if (type.startsWith("video/")) return "video";
  if (type.startsWith("audio/")) return "audio";
  if (type === "image/svg+xml" || /\.svg$/i.test(name)) return "drawing";
  if (type === "text/markdown" || /\.(md|markdown)$/i.test(name)) return "markdown";
  if (/^text\/(csv|tab-separated-values)$/.test(type) || /\.(csv|tsv)$/i.test(name)) return "table";
  if (type === documentType || documentEndings.test(name)) return "document";
  if (type === workbookType || workbookEndings.test(name)) return "workbook";
  // Many other formats are zips with meaningless entries.
  if (/\.zip$/i.test(name) || (type === "application/zip" && !/\.\w{1,5}$/.test(name))) return "zip";
  if (textTypes.test(type) || textEndings.test(name) || /^(dockerfile|makefile|license|readme)$/i.test(name))
    return "text";
  return "none";
}
