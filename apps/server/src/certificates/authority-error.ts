import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { z } from "zod";

/** What an authority says is wrong, by RFC 8555. */
export interface Problem {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  /** In its own words. */
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

/** What to do stands behind it. */
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

/** What no waiting makes better: a person has to say something else. */
const wrongSettings: Readonly<Record<string, string>> = {
  rejectedIdentifier: "It gives no certificate for this name: say another with --acme.",
  unsupportedIdentifier: "It gives no certificate for such a name: say another with --acme.",
  invalidContact: "Say another address with --acme-email, or none.",
  unsupportedContact: "Say another address with --acme-email, or none.",
  externalAccountRequired:
    "It wants an account that was made with it before, which Holdfast does not know: choose another with HOLDFAST_ACME_DIRECTORY.",
};

const advices: Readonly<Record<string, string>> = {
  rateLimited: "It gives no more for now; it is asked again once it allows.",
  userActionRequired: "Its terms have changed, and somebody has to agree to them: open the address that it names.",
  caa: "A CAA record of the domain lets only other authorities give certificates: change the record, or choose another authority with HOLDFAST_ACME_DIRECTORY.",
  unauthorized: "It does not let this account have it.",
};

/** @param retryAfter the header, if the answer had one */
export function toAuthorityError(problem: Problem, retryAfter?: string): HoldfastError {
  const { type } = problem;
  const seconds = readRetryAfter(retryAfter, Date.now());
  const said = `The authority refuses (${type}): ${problem.detail}`;
  const settings = Object.hasOwn(wrongSettings, type) ? wrongSettings[type] : undefined;
  if (settings !== undefined) return new HoldfastError("usage", `${said} ${settings}`, { body: { type } });
  const advice = Object.hasOwn(advices, type) ? advices[type] : "It is asked again.";
  return new HoldfastError(type === "rateLimited" ? "rate_limited" : "unavailable", `${said} ${advice}`, {
    body: { type },
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
  });
}

/** Seconds, or a date. */
export function readRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - nowMs) / 1000);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/** Why the authority could not find this server behind the name, and what to do. */
export function toValidationError(domain: string, { type, detail }: Problem, port: number): HoldfastError {
  const said = `The authority could not see that ${domain} is this server (${type}): ${detail}`;
  const forward = port === 443 ? "port 443 to this machine" : `port 443 to port ${port} of this machine`;
  const advice: Readonly<Record<string, string>> = {
    dns: `Look whether ${domain} has an A or AAAA record with the address under which the internet sees you.`,
    connection: `Have the router pass ${forward}, and open it in the firewall; and look whether the address of ${domain} is yours.`,
    tls: elsewhere(domain, forward),
    unauthorized: elsewhere(domain, forward),
    incorrectResponse: elsewhere(domain, forward),
    caa: advices["caa"] ?? "",
    rejectedIdentifier: wrongSettings["rejectedIdentifier"] ?? "",
  };
  const known = Object.hasOwn(advice, type) ? advice[type] : undefined;
  return new HoldfastError("unavailable", `${said} ${known ?? `Have the router pass ${forward}.`}`, { body: { type } });
}

function elsewhere(domain: string, forward: string): string {
  return `Something else answers there: ${domain} points to another server, or the router does not pass ${forward}.`;
}
