import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { markSvg } from "@holdfast/core/mark";

const style = partOf("page.css");
const script = ["sync-article.js", "page.js"].map(partOf).join("\n");

/** One document with inlined mark, style and script. */
export const pageHtml = partOf("page.html")
  .replace("data:,", () => `data:image/svg+xml,${encodeURIComponent(markSvg())}`)
  .replace("<svg></svg>", () => markSvg(' class="mark" aria-hidden="true"'))
  .replace("<style></style>", () => `<style>${style}</style>`)
  .replace("<script></script>", () => `<script>${script}</script>`);

/** Permits only this style, this script, and requests to the client itself. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src '${digestOf(style)}'`,
  `script-src '${digestOf(script)}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function partOf(name: string): string {
  return readFileSync(new URL(`./${name}`, import.meta.url), "utf8");
}

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
