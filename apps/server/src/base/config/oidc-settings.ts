import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { isLoopback } from "./loopback.ts";
import type { ClaimMapping, OidcSettings } from "./issuer-settings.ts";
import { duration, shownDuration } from "./durations.ts";
import { domains, mapping, word } from "./outside-words.ts";

const words = z.array(word).max(limits.outsideMappingsMax);

export const oidcSchema = z.strictObject({
  issuer: z
    .string()
    .refine(
      isIssuer,
      "must be the issuer's address, like https://id.example.org/realms/people: https, no query, no user",
    ),
  client_id: word,
  client_secret: word.optional(),
  client_secret_file: word.optional(),
  name: z.string().min(1).max(60).optional(),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,100}$/, "are words without spaces"))
    .max(20)
    .optional(),
  link_by_verified_address: domains.optional(),
  create_accounts: domains.optional(),
  only: z.boolean().optional(),
  groups_claim: word.optional(),
  groups: mapping.optional(),
  plan_claim: word.optional(),
  plans: mapping.optional(),
  trust_second_factor: z.strictObject({ amr: words.optional(), acr: words.optional() }).optional(),
  sign_in_again: duration.optional(),
  trust_silent_sign_in: z.boolean().optional(),
  private_addresses: z.boolean().optional(),
});

type Written = z.output<typeof oidcSchema>;

/** Does not contact the issuer, which may be down. @throws HoldfastError `usage` */
export function readOidc(written: Written | undefined, planNames: readonly string[]): OidcSettings | undefined {
  if (written === undefined) return undefined;
  const plans = mappingOf(written, "plan_claim", "plans");
  const unknown = Object.values(plans?.values ?? {}).find((name) => !planNames.includes(name));
  if (unknown !== undefined)
    throw usage(`plans contains ${unknown}, which is not in HOLDFAST_PLANS: ${planNames.join(", ")}.`);
  const { issuer, trust_second_factor: trusted = {} } = written;
  return {
    issuer,
    clientId: written.client_id,
    clientSecret: secretOf(written),
    name: written.name ?? new URL(issuer).hostname,
    scopes: [...new Set(["openid", ...(written.scopes ?? ["email", "profile"])])],
    linkDomains: written.link_by_verified_address ?? [],
    createDomains: written.create_accounts ?? [],
    only: written.only ?? false,
    groups: mappingOf(written, "groups_claim", "groups"),
    plans,
    trusted: { amr: trusted.amr ?? [], acr: trusted.acr ?? [] },
    signInAgainMs: written.sign_in_again,
    trustsSilence: written.trust_silent_sign_in ?? false,
    privateAddresses: written.private_addresses ?? false,
  };
}

export function shownOidc(written: Written | undefined): object | undefined {
  if (written === undefined) return undefined;
  const { client_secret: secret, sign_in_again: everyMs, ...shown } = written;
  return {
    ...shown,
    ...(secret === undefined ? {} : { client_secret: "…" }),
    ...(everyMs === undefined ? {} : { sign_in_again: shownDuration(everyMs) }),
  };
}

function mappingOf(
  written: Written,
  claimName: "groups_claim" | "plan_claim",
  valuesName: "groups" | "plans",
): ClaimMapping | undefined {
  const { [claimName]: claim, [valuesName]: values } = written;
  if (claim === undefined && values === undefined) return undefined;
  if (claim === undefined || values === undefined)
    throw usage(`${claimName} and ${valuesName} must be given together.`);
  return { claim, values };
}

function secretOf({ client_secret: secret, client_secret_file: path }: Written): string | undefined {
  if (path === undefined) return secret;
  if (secret !== undefined) throw usage("client_secret and client_secret_file cannot be combined.");
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw usage(`client_secret_file cannot be read: ${(error as Error).message}`);
  }
  if (text === "") throw usage(`client_secret_file: ${path} is empty.`);
  return text;
}

/** Without https, anyone on the network could impersonate users. This machine is an exception. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || [url.username, url.password, url.search, url.hash].some((part) => part !== "")) return false;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isHere = host === "localhost" || (isIP(host) !== 0 && isLoopback(host));
  return url.protocol === "https:" || (url.protocol === "http:" && isHere);
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", `HOLDFAST_OIDC: ${message}`);
}
