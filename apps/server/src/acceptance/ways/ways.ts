import { type ErrorCode, errorTable } from "@holdfast/core/errors";

export type Factor = "none" | "app" | "passkey" | "app and passkey";
export type State = "active" | "suspended" | "expired" | "must enrol" | "elsewhere" | "being deleted";

/** What acts by a signed address, and what such an address is for. */
export type Signer = "a session" | "a personal token" | "an app password" | "an app password of a folder" | "a link";
export type SignedUse = "download" | "block upload" | "thumbnail" | "export";
export type SignedWay = `signed ${SignedUse} of ${Signer}`;

/**
 * How a way goes, which decides what comes of it in each state of the account:
 *
 *     sign-in   who it is is proved now, and a session begins
 *     issuer    the same, by what an outside issuer says
 *     mail      the same, by what was mailed to the address before
 *     session   of a session that began before, or of one that it has let in
 *     token     acts for the account without a session
 *     program   a program fetches such a token, at the addresses of OpenID Connect
 *     identity  a program asks by such a token who somebody is, there
 *     scim      an identity system comes by such a token, at the addresses of SCIM
 *     public    for whoever has it, whoever that is
 *     page      the same, as a page
 */
type Kind = "sign-in" | "issuer" | "mail" | "session" | "token" | "program" | "identity" | "scim" | "public" | "page";

export interface Way {
  readonly kind: Kind;
  /** All of it but the second factor, where the account has one. */
  readonly half?: true;
  /** Whose it is, where not everybody's. */
  readonly of?: readonly Factor[];
}

const signIn: Way = { kind: "sign-in" };
const session: Way = { kind: "session" };
const token: Way = { kind: "token" };
const program: Way = { kind: "program" };

export const plainWays = {
  "password and app": { kind: "sign-in", of: ["app", "app and passkey"] },
  "password and recovery code": { kind: "sign-in", of: ["app", "passkey", "app and passkey"] },
  "password and passkey": { kind: "sign-in", of: ["passkey", "app and passkey"] },
  "password alone": { kind: "sign-in", half: true },
  "passkey alone": { kind: "sign-in", of: ["passkey", "app and passkey"] },
  "browser's password and factor": signIn,
  "browser's password alone": { kind: "sign-in", half: true },
  "LDAP password and factor": signIn,
  "LDAP password alone": { kind: "sign-in", half: true },
  "issuer and factor": { kind: "issuer" },
  "issuer alone": { kind: "issuer", half: true },
  "issuer that vouches for a factor": { kind: "issuer" },
  "mailed reset and factor": { kind: "mail" },
  "mailed reset alone": { kind: "mail", half: true },
  "session from before": session,
  "refresh token from before": session,
  "browser's cookie from before": session,
  "command let in before": session,
  "command let in now": token,
  "new personal token": token,
  "personal token from before": token,
  "new app password": token,
  "new app password without the factor": { kind: "token", half: true },
  "app password from before": token,
  "app password of a folder from before": token,
  "program let in now": token,
  "program's device let in now": token,
  "program's code from before": program,
  "program's device let in before": program,
  "program's refresh token from before": program,
  "program's access token from before": token,
  "program's access token that asks who it is": { kind: "identity" },
  "identity system's token": { kind: "scim" },
  link: { kind: "public" },
  "link with a password": { kind: "public" },
  "page of a link": { kind: "page" },
  "page of a link with a password": { kind: "page" },
  "file from the page of a link": { kind: "page" },
} as const satisfies Record<string, Way>;

export type PlainWay = keyof typeof plainWays;
export type WayName = PlainWay | SignedWay;

const fullyTrusted: readonly Signer[] = ["a session", "a personal token"];
const signers: readonly Signer[] = [...fullyTrusted, "an app password", "an app password of a folder", "a link"];

/** Each use by each that may have such an address made: an archive of all of an account is for who may read all of it. */
export const signedWays: readonly { way: SignedWay; use: SignedUse; signer: Signer }[] = (
  ["download", "block upload", "thumbnail", "export"] as const
).flatMap((use) =>
  (use === "export" ? fullyTrusted : signers).map((signer) => ({
    way: `signed ${use} of ${signer}` as const,
    use,
    signer,
  })),
);

export function wayOf(name: WayName): Way {
  if (name in plainWays) return plainWays[name as PlainWay];
  return { kind: name.endsWith("of a link") ? "public" : "token" };
}

/** It opens what it is for; or nothing but enrolling; or it is refused, by a status and the code that goes with it. */
export type Outcome = "opens" | "enrols" | `${number} ${string}`;

/**
 * What must come, whatever the way:
 *
 * - Who has a factor and does not bring it gets no further, and learns nothing of the account.
 * - What has expired, and what an account had before it was suspended or deleted, is as if it had never been.
 * - Who proves to be the owner of a suspended account is told so, and of a deleted one, which comes back if that is wanted.
 * - From elsewhere nobody acts for the account, whoever it is.
 * - Without the factor that is asked for a session may enrol, and nothing else acts for the account.
 * - A link is not the account: it needs no factor, may be used from anywhere, and ends with the account.
 */
export function expected({ kind, half }: Way, factor: Factor, state: State): Outcome {
  const isGone = state === "suspended" || state === "being deleted";
  // A mail is no proof of what an account of before was; and who an issuer says it is, is known before a factor is asked for.
  if (isGone && kind === "mail") return refused("invalid_field");
  if (isGone && kind === "issuer") return ofWhole(kind, factor, state);
  const lacksFactor = half === true && factor !== "none";
  if (lacksFactor && proves(kind)) return refused("second_factor");
  const outcome = ofWhole(kind, factor, state);
  return lacksFactor && outcome === "opens" ? refused("second_factor") : outcome;
}

/** Where nothing is left out. */
function ofWhole(kind: Kind, factor: Factor, state: State): Outcome {
  if (state === "active") return "opens";
  if (state === "expired") return inWordsOf(kind, "unauthenticated");
  if (state === "suspended") return proves(kind) ? refused("forbidden") : inWordsOf(kind, "unauthenticated");
  if (state === "being deleted") return proves(kind) ? refused("account_leaving") : inWordsOf(kind, "unauthenticated");
  if (kind === "public" || kind === "page") return "opens";
  if (state === "elsewhere") return inWordsOf(kind, "address_not_allowed");
  if (factor !== "none") return "opens";
  return proves(kind) || kind === "session" ? "enrols" : inWordsOf(kind, "second_factor_required");
}

function proves(kind: Kind): boolean {
  return kind === "sign-in" || kind === "issuer" || kind === "mail";
}

/** Programs, identity systems and readers of pages are told in the words of their standards, and no more than those have. */
function inWordsOf(kind: Kind, code: ErrorCode): Outcome {
  if (kind === "program") return "400 invalid_grant";
  if (kind === "identity") return "401 invalid_token";
  if (kind === "scim") return `${errorTable[code].status} scim`;
  return kind === "page" ? "404 page" : refused(code);
}

export function refused(code: ErrorCode): Outcome {
  return `${errorTable[code].status} ${code}`;
}
