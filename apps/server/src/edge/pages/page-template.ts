import { createHash } from "node:crypto";
import type { Language } from "@holdfast/protocol/account-settings";
import { escapeHtml } from "../../features/mail/mail-text.ts";

/** A page that the server generates, without scripts or external content. */
export interface Page {
  readonly bytes: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Style of all generated pages, with the app's colors (`apps/web/src/design/colors.css`). It needs no build. */
export const pageStyle = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; background: light-dark(#fbfbfa, #121615); color: light-dark(#1a1f1e, #eaeeec) }
body { margin: 0 }
main { max-width: 36rem; margin: 12vh auto 3rem; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; line-height: 1.3 }
a { color: light-dark(#0b6b5d, #5ccdb8) }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid light-dark(#e2e6e4, #2c3331); border-radius: 6px }
:focus-visible { outline: 2px solid light-dark(#0a5fd6, #7fb2ff); outline-offset: 2px }
.mark { display: block; width: 3rem; height: 3rem }
.quiet { color: light-dark(#59615f, #a3adaa); font-size: 0.875rem }
.action, button { display: inline-block; padding: 0.6rem 1.2rem; border: 0; border-radius: 6px; font: inherit; font-weight: 600; text-decoration: none; background: light-dark(#0b6b5d, #5ccdb8); color: light-dark(#ffffff, #06211c); cursor: pointer }
.action:hover, button:hover { background: light-dark(#095a4e, #74d8c5) }
`;

/** Returns the hash in the format of a policy. */
export function styleHash(style: string): string {
  return `sha256-${createHash("sha256").update(style).digest("base64")}`;
}

/** Inline, because the app's file may not exist. */
const mark = `<svg class="mark" viewBox="0 0 512 512" aria-hidden="true"><rect width="512" height="512" rx="112" fill="#0B6B5D"/><g fill="none" stroke="#FFFFFF" stroke-width="52" stroke-linecap="round"><path d="M166 124v264M346 124v264"/><path d="M166 300c0-62 180-26 180-88" stroke="#5CCDB8"/></g></svg>`;

const policy = [
  "default-src 'none'",
  `style-src '${styleHash(pageStyle)}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

interface Written {
  readonly language: Language;
  readonly title: string;
  /** HTML. The caller must escape external text. */
  readonly content: string;
  readonly head?: string;
}

export function writePage({ language, title, content, head = "" }: Written): Page {
  return {
    bytes: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
${head}<title>${escapeHtml(title)} – Holdfast</title><style>${pageStyle}</style></head>
<body><main>${mark}<h1>${escapeHtml(title)}</h1>
${content}
</main></body>
</html>
`,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
      vary: "accept, accept-language",
    },
  };
}
