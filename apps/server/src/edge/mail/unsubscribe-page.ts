import type { Language } from "@holdfast/protocol/account-settings";
import { escapeHtml } from "../../features/mail/mail-text.ts";
import type { Unsubscription } from "../../features/mail/unsubscribe-token.ts";
import { words } from "../../features/mail/words/by-language.ts";
import { brandedBody, brandedHead, type Page, pageStyle, styleHash } from "../pages/page-template.ts";

export interface Reader {
  readonly language: Language;
  readonly serverName: string;
}

/** Only asks, because mail programs and their scanners open every link. */
export function askingPage(of: Unsubscription, reader: Reader): Page {
  const { ask, askStranger, button, kinds } = words[reader.language].unsubscribePage;
  const question = "userId" in of ? ask(of.kinds.map((kind) => kinds[kind])) : askStranger;
  return page(reader, question, `<form method="post"><button>${escapeHtml(button)}</button></form>`);
}

export function donePage(reader: Reader): Page {
  return page(reader, words[reader.language].unsubscribePage.done);
}

export function unknownPage(reader: Reader): Page {
  return page(reader, words[reader.language].unsubscribePage.unknown);
}

const policy = [
  "default-src 'none'",
  `style-src '${styleHash(pageStyle)}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "img-src 'self'",
].join("; ");

function page({ language, serverName }: Reader, text: string, form = ""): Page {
  const { title } = words[language].unsubscribePage;
  return {
    bytes: `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
${brandedHead(serverName, title)}<style>${pageStyle}</style></head>
${brandedBody(serverName, title, `<p>${escapeHtml(text)}</p>${form}`)}
</html>
`,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
      "x-robots-tag": "noindex, nofollow",
    },
  };
}
