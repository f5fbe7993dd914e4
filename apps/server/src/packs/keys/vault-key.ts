import { readFileSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { askKeyService } from "./ask-key-service.ts";
import type { RemoteKey } from "./remote-key.ts";

/**
 * Key of the transit engine of Vault or OpenBao: https://developer.hashicorp.com/vault/api-docs/secret/transit. The
 * token comes from VAULT_TOKEN, or is read each time from VAULT_TOKEN_FILE. VAULT_NAMESPACE is the namespace.
 * @param address `vault:https://host:8200/MOUNT/NAME`
 * @returns undefined for another kind of address
 */
export function vaultKey(
  address: string,
  environment: Readonly<Record<string, string | undefined>>,
): RemoteKey | undefined {
  const text = address.slice("vault:".length);
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, pathname, username, search, hash } = new URL(text);
  const parts = /^\/(.+)\/([^/]+)$/.exec(pathname);
  if (!/^https?:$/.test(protocol) || parts === null || username + search + hash !== "") return undefined;
  const [, mount = "", name = ""] = parts;
  const id = `vault:${origin}${pathname}`;
  const ask = <Answer>(action: "encrypt" | "decrypt", body: object, schema: z.ZodType<Answer>) =>
    askKeyService(
      {
        id,
        url: `${origin}/v1/${mount}/${action}/${name}`,
        headers: headersFrom(environment),
        body: JSON.stringify(body),
      },
      schema,
    );
  return {
    id,
    async seal(plain) {
      const answer = await ask("encrypt", { plaintext: Buffer.from(plain).toString("base64") }, encrypted);
      if (answer !== undefined) return Buffer.from(answer.data.ciphertext);
      throw new HoldfastError("failed", `The key ${id} cannot encrypt. Is its type aes256-gcm96?`);
    },
    async open(sealed) {
      const ciphertext = Buffer.from(sealed).toString("latin1");
      if (!ciphertext.startsWith("vault:")) return undefined;
      const answer = await ask("decrypt", { ciphertext }, decrypted);
      return answer === undefined ? undefined : Buffer.from(answer.data.plaintext, "base64");
    },
  };
}

const encrypted = z.object({ data: z.object({ ciphertext: z.string().startsWith("vault:").max(700) }) });
const decrypted = z.object({ data: z.object({ plaintext: z.base64() }) });

function headersFrom(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const { VAULT_TOKEN: token, VAULT_TOKEN_FILE: file, VAULT_NAMESPACE: namespace } = environment;
  const given = file === undefined ? token : readToken(file);
  if (given === undefined || given === "") {
    throw new HoldfastError(
      "usage",
      "The key is in Vault: set VAULT_TOKEN, or VAULT_TOKEN_FILE to a file with the token.",
    );
  }
  return {
    "content-type": "application/json",
    "x-vault-token": given,
    ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
  };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new HoldfastError("failed", `VAULT_TOKEN_FILE cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
