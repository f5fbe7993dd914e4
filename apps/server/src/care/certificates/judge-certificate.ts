import { createPrivateKey, X509Certificate } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";

/** Milliseconds since 1970. */
export interface Lifetime {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface GivenCertificate {
  /** PEM of the certificate and its issuers, leaf first. */
  readonly chain: string;
  /** PEM. */
  readonly key: string;
}

const chainCharactersMax = 200_000;
const chainCertificatesMax = 10;
/** Maximum difference between the clocks of this machine and an authority. */
const clockSkewMsMax = 10 * 60_000;
const serverUse = "1.3.6.1.5.5.7.3.1";
const pemPattern = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/**
 * Accepts what browsers accept: the certificate matches our key and all names, is for servers and valid now, and each
 * certificate of the chain is signed by the next.
 * @throws HoldfastError `failed` with the reason
 */
export function checkCertificate(given: GivenCertificate, domains: readonly string[], nowMs: number): Lifetime {
  const chain = readChain(given.chain);
  const [leaf] = chain as [X509Certificate];
  if (!isOfKey(leaf, given.key)) throw wrong("is for a different key");
  const missing = domains.find((name) => leaf.checkHost(name, { subject: "never", wildcards: false }) === undefined);
  if (missing !== undefined) throw wrong(`does not include ${missing}`);
  if (leaf.ca || !isForServers(leaf)) throw wrong("is not a server certificate");
  const lifetime = lifetimeOf(leaf);
  if (lifetime.untilMs <= nowMs) throw wrong(`expired on ${new Date(lifetime.untilMs).toISOString()}`);
  if (lifetime.fromMs > nowMs + clockSkewMsMax) {
    throw wrong(`is valid only from ${new Date(lifetime.fromMs).toISOString()}; check the clock of this machine`);
  }
  if (chain.some((each, at) => at > 0 && !isVouchedFor(chain[at - 1] as X509Certificate, each))) {
    throw wrong("has a broken chain: a certificate is not signed by the next one");
  }
  return lifetime;
}

export function lifetimeOf({ validFromDate, validToDate }: X509Certificate): Lifetime {
  return { fromMs: validFromDate.getTime(), untilMs: validToDate.getTime() };
}

function readChain(text: string): X509Certificate[] {
  const pieces = text.length > chainCharactersMax ? [] : (text.match(pemPattern) ?? []);
  if (pieces.length === 0 || pieces.length > chainCertificatesMax) throw wrong("is not in PEM format");
  if (text.replaceAll(pemPattern, "").trim() !== "") throw wrong("contains more than certificates");
  try {
    return pieces.map((piece) => new X509Certificate(piece));
  } catch (error) {
    throw wrong("cannot be read", error);
  }
}

function isOfKey(leaf: X509Certificate, key: string): boolean {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Without the extension, Node returns undefined, contrary to its type. */
function isForServers({ keyUsage }: X509Certificate): boolean {
  return ((keyUsage as string[] | undefined) ?? []).includes(serverUse);
}

function isVouchedFor(certificate: X509Certificate, by: X509Certificate): boolean {
  return by.ca && certificate.checkIssued(by) && certificate.verify(by.publicKey);
}

function wrong(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("failed", `The certificate ${what}.`, cause === undefined ? {} : { cause });
}
