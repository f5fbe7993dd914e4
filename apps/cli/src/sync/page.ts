import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** The local page: one file with its style and script inside. */
export const pageHtml = readFileSync(new URL("./page.html", import.meta.url), "utf8");

/** Only this style, this script, and requests to the client itself. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src '${digestOf("style")}'`,
  `script-src '${digestOf("script")}'`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function digestOf(tag: "style" | "script"): string {
  const text = new RegExp(`<${tag}>(.*)</${tag}>`, "s").exec(pageHtml)?.[1] ?? "";
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
