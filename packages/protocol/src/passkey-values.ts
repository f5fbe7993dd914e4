import { z } from "zod";

/** WebAuthn values in the JSON format and with the names of level 3, 5.1.9 and 5.1.10. */

const base64url = (bytesMax: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil((bytesMax * 4) / 3))
    .regex(/^[\w-]+$/, "is not base64url");

const credentialId = base64url(1023);
const clientDataJSON = base64url(2048);

export const passkeyAssertion = z
  .object({
    id: credentialId,
    response: z.object({
      clientDataJSON,
      authenticatorData: base64url(1024),
      signature: base64url(3072),
      userHandle: base64url(64).nullable().optional(),
    }),
  })
  .meta({ id: "PasskeyAssertion" })
  .describe("result of navigator.credentials.get(), as returned by toJSON()");
export type PasskeyAssertion = z.output<typeof passkeyAssertion>;

export const passkeyRegistration = z
  .object({
    id: credentialId,
    response: z.object({
      clientDataJSON,
      attestationObject: base64url(16 * 1024),
      transports: z.array(z.string().min(1).max(32)).max(8).optional(),
    }),
  })
  .meta({ id: "PasskeyRegistration" })
  .describe("result of navigator.credentials.create(), as returned by toJSON()");
export type PasskeyRegistration = z.output<typeof passkeyRegistration>;

const credential = z.object({ type: z.literal("public-key"), id: z.string(), transports: z.array(z.string()) });

export const passkeyRequest = z
  .object({
    challenge: z.string(),
    rpId: z.string(),
    allowCredentials: z.array(credential),
    timeout: z.int().describe("milliseconds"),
    userVerification: z.enum(["required", "preferred"]),
  })
  .meta({ id: "PasskeyRequest" })
  .describe("input of PublicKeyCredential.parseRequestOptionsFromJSON() for navigator.credentials.get()");
export type PasskeyRequest = z.output<typeof passkeyRequest>;

export const passkeyCreation = z
  .object({
    challenge: z.string(),
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
    excludeCredentials: z.array(credential),
    authenticatorSelection: z.object({
      residentKey: z.literal("preferred"),
      requireResidentKey: z.literal(false),
      userVerification: z.literal("preferred"),
    }),
    attestation: z.literal("none"),
    timeout: z.int().describe("milliseconds"),
  })
  .meta({ id: "PasskeyCreation" })
  .describe("input of PublicKeyCredential.parseCreationOptionsFromJSON() for navigator.credentials.create()");
export type PasskeyCreation = z.output<typeof passkeyCreation>;
