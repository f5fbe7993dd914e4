import type { IncomingHttpHeaders } from "node:http";
import type { Language } from "@holdfast/protocol/account-settings";
import { acceptedLanguage } from "./accepted-language.ts";

/**
 * Programs accept no type, any type or JSON. Scripts of pages send another `Sec-Fetch-Mode`, and requests with a token
 * come from programs.
 * @returns the language for an error page; undefined: the client is a program
 */
export function pageReader(headers: IncomingHttpHeaders): Language | undefined {
  const { accept = "", authorization, "sec-fetch-mode": mode } = headers;
  // All browsers accept both. Some programs accept HTML first, then anything.
  const isPage = /\btext\/html\b/i.test(accept) && /\bxhtml\b/i.test(accept) && !/\bjson\b/i.test(accept);
  if (!isPage || authorization !== undefined || (mode !== undefined && mode !== "navigate")) return undefined;
  return acceptedLanguage(headers["accept-language"]);
}
