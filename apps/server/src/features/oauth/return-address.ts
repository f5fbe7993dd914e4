import { HoldfastError } from "@holdfast/core/errors";

const loopbacks = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** Domain name as in URLs (ASCII, lower case, no trailing dot), or an IP address. */
const ordinaryHost = /^(?:\[[\d:a-f]+\]|(?:[a-z\d](?:[\w-]*[a-z\d])?\.)*[a-z\d](?:[\w-]*[a-z\d])?)$/;

/**
 * Accepts https, and for public programs http on the user's computer (RFC 8252). Rejects custom schemes, which any
 * program can claim. Accepts only the browsers' form, because addresses are compared as text.
 * @throws HoldfastError invalid_field
 */
export function assertReturnAddress(
  uri: string,
  field: "redirect_uris" | "post_logout_redirect_uris",
  isPublic: boolean,
): void {
  const refuse = (why: string) => new HoldfastError("invalid_field", `${field}: ${why}.`, { field });
  const url = URL.parse(uri);
  if (url === null) throw refuse("is not an address");
  if (uri.includes("#")) throw refuse("a return address must not have a part after #");
  if (url.username !== "" || url.password !== "") throw refuse("a return address must not have a user name before @");
  if (uri.includes("*"))
    throw refuse("a return address must not have a wildcard, since addresses are compared exactly");
  const isLoopback = loopbacks.has(url.hostname);
  if (!(url.protocol === "https:" && !isLoopback) && !(url.protocol === "http:" && isLoopback && isPublic))
    throw refuse("it must be https, or for a public program http on this computer (127.0.0.1, [::1] or localhost)");
  if (!ordinaryHost.test(url.hostname)) throw refuse("its host must be a domain name or an IP address");
  // A URL without a path is common in both forms.
  if (url.href !== uri && url.href !== `${uri}/`) throw refuse(`write it as ${url.href}`);
}
