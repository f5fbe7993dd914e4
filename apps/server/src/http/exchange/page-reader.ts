import type { IncomingHttpHeaders } from "node:http";
import type { Language } from "@holdfast/protocol/account-settings";
import { acceptedLanguage } from "./accepted-language.ts";

/**
 * Whoever opens an address in a browser is told in words what went wrong, and a program by a problem in JSON. Programs name no type, any type
 * or JSON; a script of a page says what it is by `Sec-Fetch-Mode`, and whoever has a token is a program.
 * @returns the language of the person who will read the answer as a page; undefined: it is for a program
 */
export function pageReader(headers: IncomingHttpHeaders): Language | undefined {
  const { accept = "", authorization, "sec-fetch-mode": mode } = headers;
  // All browsers name both; of other programs some name HTML first and take anything.
  const isPage = /\btext\/html\b/i.test(accept) && /\bxhtml\b/i.test(accept) && !/\bjson\b/i.test(accept);
  if (!isPage || authorization !== undefined || (mode !== undefined && mode !== "navigate")) return undefined;
  return acceptedLanguage(headers["accept-language"]);
}
