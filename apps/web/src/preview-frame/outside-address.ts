const charactersMax = 2048;
const schemes: ReadonlySet<string> = new Set(["https:", "http:", "mailto:"]);

/**
 * Allows only web pages and e-mail addresses, nothing executable or relative.
 * @returns normalized, without confusable characters; undefined if not allowed
 */
export function outsideAddress(address: unknown): string | undefined {
  if (typeof address !== "string" || address.length > charactersMax) return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // Text before the @ can hide the real host.
  if (url === undefined || !schemes.has(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > charactersMax ? undefined : url.href;
}
