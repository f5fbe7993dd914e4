import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { HoldfastError } from "@holdfast/core/errors";
import type { Config } from "../base/config/read-config.ts";

/** @throws HoldfastError `usage` with the unreadable file, or with both if they do not match */
export function readTls({ certFile, keyFile }: NonNullable<Config["tls"]>): { cert: string; key: string } {
  const tls = { cert: readPem("--tls-cert", certFile), key: readPem("--tls-key", keyFile) };
  try {
    createSecureContext(tls);
  } catch (error) {
    if (isSwapped(tls)) {
      const message = `--tls-cert ${certFile} contains a key, and --tls-key ${keyFile} a certificate: swap them.`;
      throw new HoldfastError("usage", message, { cause: error });
    }
    throw new HoldfastError(
      "usage",
      `${certFile} and ${keyFile} are not a certificate and its key in PEM form: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  return tls;
}

function isSwapped({ cert, key }: { readonly cert: string; readonly key: string }): boolean {
  return !cert.includes("BEGIN CERTIFICATE") && cert.includes("PRIVATE KEY") && key.includes("BEGIN CERTIFICATE");
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new HoldfastError("usage", `${flag}: ${path} does not exist.`, { cause: error });
    throw new HoldfastError("usage", `${flag}: ${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}
