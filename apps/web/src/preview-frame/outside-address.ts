const charactersMax = 2048;
const schemes: ReadonlySet<string> = new Set(["https:", "http:", "mailto:"]);

/**
 * What a document may lead to: a page or a mailbox, nothing that runs or that is of this place.
 * @returns the address as a browser writes it, in letters that stand for themselves alone; undefined for any other
 */
export function outsideAddress(address: unknown): string | undefined {
  if (typeof address !== "string" || address.length > charactersMax) return undefined;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // Who it leads to stands after the @: what stands before it is there to deceive.
  if (url === undefined || !schemes.has(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > charactersMax ? undefined : url.href;
}
