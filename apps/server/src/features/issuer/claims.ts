import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { emailKey, isDistinct } from "../accounts/context/email-address.ts";
import { isPlainText, withoutMisleading } from "../accounts/context/plain-text.ts";
import type { ClaimMapping, OidcSettings } from "../../base/config/issuer-settings.ts";

export const claimsSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  /** null: missing, or not a valid address here. */
  email: z.string().nullable(),
  /** True only if the issuer sent exactly `true`. */
  emailVerified: z.boolean(),
  name: z.string().nullable(),
  /** Ids of mapped groups; null without a mapping or claim. */
  groups: z.array(z.string()).nullable(),
  plan: z.string().nullable(),
  /** The issuer checked a second factor, and the settings trust it. */
  factorPassed: z.boolean(),
  /** Time of authentication in the id token; null if missing. */
  authenticatedAtMs: z.number().nullable(),
});

/** Trusted claims of the issuer about a user. */
export type Claims = z.output<typeof claimsSchema>;

/**
 * @param claims those of the id token (verified signature, audience, time and nonce), which override the userinfo
 * endpoint's
 */
export function readClaims(claims: Readonly<Record<string, unknown>>, settings: ClaimSettings): Claims {
  const { sub, email, auth_time: authTime } = claims;
  const name = typeof claims["name"] === "string" ? withoutMisleading(claims["name"]).trim() : "";
  if (typeof sub !== "string" || sub === "" || sub.length > subjectCharactersMax || !isPlainText(sub))
    throw new HoldfastError("unauthenticated", "The issuer's response does not identify the person.");
  const address = typeof email === "string" && isAddress(email) ? email.trim() : null;
  const values = valuesOf(claims, settings.groups);
  const plan = (valuesOf(claims, settings.plans) ?? []).map((value) => settings.plans?.values[value]);
  return {
    issuer: settings.issuer,
    subject: sub,
    email: address,
    // Some issuers send "false", "true" or 1, none of which counts.
    emailVerified: address !== null && claims["email_verified"] === true,
    name: name !== "" && isPlainText(name) ? name.slice(0, 200) : null,
    groups: values === undefined ? null : groupsOf(values, settings.groups),
    plan: plan.find((each) => each !== undefined) ?? null,
    factorPassed: isFactorPassed(claims, settings),
    authenticatedAtMs: typeof authTime === "number" && Number.isFinite(authTime) ? authTime * 1000 : null,
  };
}

export type ClaimSettings = Pick<OidcSettings, "issuer" | "groups" | "plans" | "trusted">;

/** Limit of OpenID Connect. */
const subjectCharactersMax = 255;

export const ldapPrefix = "ldap:";

export function identityKey({ issuer, subject }: Pick<Claims, "issuer" | "subject">): Buffer {
  return Buffer.from(sha256(Buffer.from(`outside identity\0${issuer}\0${subject}`)), "hex");
}

export function isOfDomain({ email, emailVerified }: Claims, domains: readonly string[]): boolean {
  if (email === null || !emailVerified) return false;
  const key = emailKey(email);
  return domains.includes(key.slice(key.lastIndexOf("@") + 1));
}

function isAddress(text: string): boolean {
  return text.length <= limits.emailBytesMax && isDistinct(text) && /^[^\s@"]+@[^\s@"]+$/.test(text.trim());
}

/** @returns undefined without the claim; then nothing changes */
function valuesOf(claims: Readonly<Record<string, unknown>>, mapping: ClaimMapping | undefined): string[] | undefined {
  if (mapping === undefined || !Object.hasOwn(claims, mapping.claim)) return undefined;
  const claim = claims[mapping.claim];
  const values: unknown[] = Array.isArray(claim) ? claim : [claim];
  return values.filter((value) => typeof value === "string" && Object.hasOwn(mapping.values, value)) as string[];
}

function groupsOf(values: readonly string[], mapping: ClaimMapping | undefined): string[] {
  return [...new Set(values.flatMap((value) => mapping?.values[value] ?? []))];
}

function isFactorPassed({ amr, acr }: Readonly<Record<string, unknown>>, { trusted }: ClaimSettings): boolean {
  const methods: unknown[] = Array.isArray(amr) ? amr : [];
  return methods.some((each) => trusted.amr.includes(String(each))) || trusted.acr.includes(String(acr));
}
