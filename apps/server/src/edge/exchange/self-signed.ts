import { X509Certificate } from "node:crypto";

/** @returns SHA-256 in hex; undefined if an authority signed the certificate */
export function selfSignedFingerprint(pem: string): string | undefined {
  const certificate = new X509Certificate(pem);
  if (certificate.issuer !== certificate.subject) return undefined;
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}
