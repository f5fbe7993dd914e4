import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/**
 * The page behind the one-time set-up link and behind invitations. The token stands after the # and never reaches the
 * server but in the body of the request that creates the account.
 */
export function openSetupPage(): { html: string; headers: Record<string, string> } {
  const html = readFileSync(new URL("setup-page.html", import.meta.url), "utf8");
  const policy = [
    "default-src 'none'",
    "img-src data:",
    "connect-src 'self'",
    `script-src ${digestOfElement(html, "script")}`,
    `style-src ${digestOfElement(html, "style")}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    html,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy.join("; "),
      "cache-control": "no-cache",
    },
  };
}

/** What a content security policy says of an inline element: only exactly this text may run. */
function digestOfElement(html: string, name: "script" | "style"): string {
  const text = new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(html)?.[1] ?? "";
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
