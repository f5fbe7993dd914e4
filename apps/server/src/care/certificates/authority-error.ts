import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { z } from "zod";

/** Problem reported by an authority (RFC 8555). */
export interface Problem {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
}

const detailCharactersMax = 400;
const prefix = "urn:ietf:params:acme:error:";

export const problemSchema = z
  .object({ type: z.string().max(200).default(""), detail: z.string().max(20_000).default("") })
  .transform(({ type, detail }) => ({
    type: type.startsWith(prefix) ? type.slice(prefix.length) : type,
    detail: asSentence(printable(detail.slice(0, detailCharactersMax).toWellFormed())),
  }));

/** Adds a period, because advice follows. */
function asSentence(text: string): string {
  const said = text.trim();
  return said === "" || /[.!?:]$/.test(said) ? said : `${said}.`;
}

export function readProblem(text: string): Problem | undefined {
  try {
    return problemSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Permanent errors, which require other settings. */
const wrongSettings: Readonly<Record<string, string>> = {
  rejectedIdentifier: "It does not issue certificates for this name. Use another with --acme.",
  unsupportedIdentifier: "It does not issue certificates for names of this kind. Use another with --acme.",
  invalidContact: "Use another address with --acme-email, or none.",
  unsupportedContact: "Use another address with --acme-email, or none.",
  externalAccountRequired:
    "It requires an existing account, which Holdfast does not support. Choose another authority with HOLDFAST_ACME_DIRECTORY.",
};

const advices: Readonly<Record<string, string>> = {
  rateLimited: "Its rate limit is reached. The server will retry when the limit allows.",
  userActionRequired: "Its terms of service have changed and must be accepted: open the address in its response.",
  caa: "A CAA record of the domain allows only other authorities to issue certificates. Change the record, or choose another authority with HOLDFAST_ACME_DIRECTORY.",
  unauthorized: "It does not allow this account to have the certificate.",
};

/** @param retryAfter the header, if any */
export function toAuthorityError(problem: Problem, retryAfter?: string): HoldfastError {
  const { type } = problem;
  const seconds = readRetryAfter(retryAfter, Date.now());
  const said = `The authority refused (${type}): ${problem.detail}`;
  const settings = Object.hasOwn(wrongSettings, type) ? wrongSettings[type] : undefined;
  if (settings !== undefined) return new HoldfastError("usage", `${said} ${settings}`, { body: { type } });
  const advice = Object.hasOwn(advices, type) ? advices[type] : "The server will retry.";
  return new HoldfastError(type === "rateLimited" ? "rate_limited" : "unavailable", `${said} ${advice}`, {
    body: { type },
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  });
}

/** Reads seconds or a date. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - nowMs) / 1000);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** The authority could not reach this server under the name. */
export function toValidationError(domain: string, { type, detail }: Problem, port: number): HoldfastError {
  const said = `The authority could not verify that ${domain} is this server (${type}): ${detail}`;
  const forward = port === 443 ? "port 443 to this machine" : `port 443 to port ${port} of this machine`;
  const advice: Readonly<Record<string, string>> = {
    dns: `Check that ${domain} has an A or AAAA record with your public address.`,
    connection: `Forward ${forward} in the router and open it in the firewall, and check that ${domain} has your address.`,
    tls: elsewhere(domain, forward),
    unauthorized: elsewhere(domain, forward),
    incorrectResponse: elsewhere(domain, forward),
    caa: advices["caa"] ?? "",
    rejectedIdentifier: wrongSettings["rejectedIdentifier"] ?? "",
  };
  const known = Object.hasOwn(advice, type) ? advice[type] : undefined;
  return new HoldfastError("unavailable", `${said} ${known ?? `Forward ${forward} in the router.`}`, {
    body: { type },
  });
}

function elsewhere(domain: string, forward: string): string {
  return `Another server answers there: ${domain} points to a different machine, or the router does not forward ${forward}.`;
}
