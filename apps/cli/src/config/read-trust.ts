import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ServerTrust } from "@holdfast/api-client/server-trust";
import { usage } from "../output/usage.ts";

interface TrustOptions {
  /** PEM file. */
  readonly caCert?: string;
  /** `SHA256:` and hex digits, with or without colons. */
  readonly fingerprint?: string;
}

/** @throws HoldfastError usage; the system's error for an unreadable file */
export async function readTrust({ caCert, fingerprint }: TrustOptions): Promise<ServerTrust | undefined> {
  if (caCert !== undefined && fingerprint !== undefined) throw usage("Use --ca-cert or --fingerprint, not both.");
  if (fingerprint !== undefined) return { fingerprint: parseFingerprint(fingerprint) };
  if (caCert === undefined) return undefined;
  const pem = await readFile(caCert, "utf8").catch((thrown: unknown) => {
    if (thrown instanceof Error && Reflect.get(thrown, "code") === "ENOENT") throw usage(`${caCert} does not exist.`);
    throw thrown;
  });
  if (!isCertificate(pem))
    throw usage(`${caCert} is not a PEM certificate, which begins with -----BEGIN CERTIFICATE-----.`);
  return { caCert: pem };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== "";
  } catch {
    return false;
  }
}

function parseFingerprint(text: string): string {
  const digits = text
    .trim()
    // Prefix in the output of openssl.
    .replace(/^sha-?256(?: fingerprint)?[:=]/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw usage(`${text} is not a fingerprint: it must be SHA256: and 64 hex digits, with or without colons between.`);
}
