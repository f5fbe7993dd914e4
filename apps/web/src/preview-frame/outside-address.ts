const charactersMax = 2048;
const schemes: ReadonlySet<string> = new Set(["https:", "http:", "mailto:"]);

/**
 * Checks an external link of a document. Allows only web pages and e-mail addresses, nothing executable and no relative
 * address.
 * @returns the normalized address without confusable characters; undefined if not allowed
 */
export function outsideAddress(address: unknown): string | undefined {
  if (typeof address !== "string" || address.length > charactersMax) return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // User info before the @ can hide the real host.
  if (url === undefined || !schemes.has(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > charactersMax ? undefined : url.href;
}
