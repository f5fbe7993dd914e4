import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { emailKey, isDistinct } from "../accounts/email-address.ts";
import { isPlainText, withoutMisleading } from "../accounts/plain-text.ts";
import type { ClaimMapping, OidcSettings } from "./issuer-settings.ts";

export const claimsSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  /** Null: none, or one that cannot be one here. */
  email: z.string().nullable(),
  /** The issuer says that it is theirs, in the one way that counts. */
  emailVerified: z.boolean(),
  name: z.string().nullable(),
  /** Ids of groups that the setting gives for what was said; null where the setting gives none at all, or nothing was said of groups. */
  groups: z.array(z.string()).nullable(),
  plan: z.string().nullable(),
  /** A second factor was asked for there, and the setting believes it. */
  factorPassed: z.boolean(),
  /** When they last showed the issuer who they are, as its id token says; null where it does not. */
  authenticatedAtMs: z.number().nullable(),
});

/** What the issuer said of somebody, reduced to what is believed. */
export type Claims = z.output<typeof claimsSchema>;

/** @param told of the id token, whose signature, audience, time and nonce were checked, over what the userinfo endpoint says */
export function readClaims(told: Readonly<Record<string, unknown>>, settings: ClaimSettings): Claims {
  const { sub, email, auth_time: authTime } = told;
  const name = typeof told["name"] === "string" ? withoutMisleading(told["name"]).trim() : "";
  if (typeof sub !== "string" || sub === "" || sub.length > subjectCharactersMax || !isPlainText(sub))
    throw new HoldfastError("unauthenticated", "The issuer's response does not identify the person.");
  const address = typeof email === "string" && isAddress(email) ? email.trim() : null;
  const values = valuesOf(told, settings.groups);
  const plan = (valuesOf(told, settings.plans) ?? []).map((value) => settings.plans?.values[value]);
  return {
    issuer: settings.issuer,
    subject: sub,
    email: address,
    // Exactly: "false", "true" and 1 are what some send, and none of them is this.
    emailVerified: address !== null && told["email_verified"] === true,
    name: name !== "" && isPlainText(name) ? name.slice(0, 200) : null,
    groups: values === undefined ? null : groupsOf(values, settings.groups),
    plan: plan.find((each) => each !== undefined) ?? null,
    factorPassed: isFactorPassed(told, settings),
    authenticatedAtMs: typeof authTime === "number" && Number.isFinite(authTime) ? authTime * 1000 : null,
  };
}

/** Of the settings what says which claims are believed. */
export type ClaimSettings = Pick<OidcSettings, "issuer" | "groups" | "plans" | "trusted">;

/** Of OpenID Connect. */
const subjectCharactersMax = 255;

/** Begins the issuer of people whom an LDAP server knows. */
export const ldapPrefix = "ldap:";

/** By which somebody is known again. */
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

/** Undefined where the issuer said nothing of it: then nothing is changed. */
function valuesOf(told: Readonly<Record<string, unknown>>, mapping: ClaimMapping | undefined): string[] | undefined {
  if (mapping === undefined || !Object.hasOwn(told, mapping.claim)) return undefined;
  const claim = told[mapping.claim];
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
