import { X509Certificate } from "node:crypto";

/** @returns the SHA-256 in hex; undefined for a certificate that an authority has signed */
export function selfSignedFingerprint(pem: string): string | undefined {
  const certificate = new X509Certificate(pem);
  if (certificate.issuer !== certificate.subject) return undefined;
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}
