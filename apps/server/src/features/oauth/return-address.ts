import { HoldfastError } from "@holdfast/core/errors";

const loopbacks = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** A domain name as in URLs (ASCII, lower case, no trailing dot), or an IP address. */
const ordinaryHost = /^(?:\[[\d:a-f]+\]|(?:[a-z\d](?:[\w-]*[a-z\d])?\.)*[a-z\d](?:[\w-]*[a-z\d])?)$/;

/**
 * Accepts https, and http on the user's own computer for public programs (RFC 8252). Custom schemes are rejected,
 * because any program can claim them. Addresses are compared as text, so only the form that browsers use is accepted.
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
  // Both forms of a URL without a path are common.
  if (url.href !== uri && url.href !== `${uri}/`) throw refuse(`write it as ${url.href}`);
}
