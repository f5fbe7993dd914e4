import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { askKeyService } from "./ask-key-service.ts";
import type { RemoteKey } from "./remote-key.ts";
import { type AwsCredentials, signAwsRequest } from "./sign-aws-request.ts";

/**
 * Symmetric key of AWS KMS or a compatible service: https://docs.aws.amazon.com/kms/latest/APIReference/. Reads
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, like the store.
 * @param address `aws-kms:KEY?region=eu-central-1`; KEY is an id, an ARN or `alias/NAME`; `&endpoint=https://…` changes
 * the endpoint
 * @returns undefined for another kind of address
 */
export function awsKmsKey(
  address: string,
  environment: Readonly<Record<string, string | undefined>>,
): RemoteKey | undefined {
  const [, keyId, query] = /^aws-kms:([\w:/.-]+)\?([^?#]+)$/.exec(address) ?? [];
  const settings = new URLSearchParams(query);
  const region = settings.get("region") ?? "";
  const endpoint = settings.get("endpoint") ?? `https://kms.${region}.amazonaws.com`;
  if (keyId === undefined || !/^[a-z0-9-]+$/.test(region) || !URL.canParse(endpoint)) return undefined;
  const id = `aws-kms:${keyId}?${query}`;
  const ask = <Answer>(action: "Encrypt" | "Decrypt", body: object, schema: z.ZodType<Answer>) => {
    const request = {
      url: new URL("/", endpoint),
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `TrentService.${action}` },
      body: JSON.stringify({ KeyId: keyId, ...body }),
    };
    const headers = signAwsRequest(request, {
      service: "kms",
      region,
      at: new Date(),
      ...credentialsFrom(environment),
    });
    return askKeyService({ id, url: request.url.href, headers, body: request.body }, schema);
  };
  return {
    id,
    async seal(plain) {
      const answer = await ask("Encrypt", { Plaintext: Buffer.from(plain).toString("base64") }, encrypted);
      if (answer !== undefined) return Buffer.from(answer.CiphertextBlob, "base64");
      throw new HoldfastError(
        "failed",
        `The key ${id} cannot encrypt. Check that it exists, is enabled and symmetric, and that this server has permission to use it.`,
      );
    },
    async open(sealed) {
      const answer = await ask("Decrypt", { CiphertextBlob: Buffer.from(sealed).toString("base64") }, decrypted);
      return answer === undefined ? undefined : Buffer.from(answer.Plaintext, "base64");
    },
  };
}

const encrypted = z.object({ CiphertextBlob: z.base64().max(900) });
const decrypted = z.object({ Plaintext: z.base64() });

function credentialsFrom(environment: Readonly<Record<string, string | undefined>>): AwsCredentials {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new HoldfastError("usage", "The key is in AWS KMS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
  }
  return { accessKeyId, secretAccessKey, sessionToken: environment["AWS_SESSION_TOKEN"] };
}
