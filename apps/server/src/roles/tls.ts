import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { HoldfastError } from "@holdfast/core/errors";
import type { Config } from "../config/read-config.ts";

/** @throws HoldfastError `usage` naming the file that cannot be read, or both where they do not fit each other */
export function readTls({ certFile, keyFile }: NonNullable<Config["tls"]>): { cert: string; key: string } {
  const tls = { cert: readPem("--tls-cert", certFile), key: readPem("--tls-key", keyFile) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new HoldfastError(
      "usage",
      `${certFile} and ${keyFile} are not a certificate and its key in PEM form: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  return tls;
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new HoldfastError("usage", `${flag}: ${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}
