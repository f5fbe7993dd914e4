import { type ErrorCode, errorTable } from "@holdfast/core/errors";

export type Factor = "none" | "app" | "passkey" | "app and passkey";
export type State = "active" | "suspended" | "expired" | "must enroll" | "elsewhere" | "being deleted";

export type Signer = "a session" | "a personal token" | "an app password" | "an app password of a folder" | "a link";
export type SignedUse = "download" | "block upload" | "thumbnail" | "export";
export type SignedWay = `signed ${SignedUse} of ${Signer}`;

/**
 * Kind of a way, which determines its outcome in each state of the account:
 *
 *     sign-in   proves the identity now and creates a session
 *     issuer    same, by the statement of an outside issuer
 *     mail      same, by an earlier mail to the address
 *     session   uses an earlier session, or one that an earlier session authorized
 *     token     acts for the account without a session
 *     program   a program gets such a token at the OpenID Connect endpoints
 *     identity  a program asks for the user's identity there, with such a token
 *     scim      an identity system uses such a token at the SCIM endpoints
 *     public    open to everyone who has it
 *     page      same, as a page
 */
type Kind = "sign-in" | "issuer" | "mail" | "session" | "token" | "program" | "identity" | "scim" | "public" | "page";

export interface Way {
  readonly kind: Kind;
  /** Omits the second factor, if the account has one. */
  readonly half?: true;
  /** Factors of the accounts that have this way; undefined: all. */
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

/** Each use with each allowed signer. An archive of the whole account requires access to all of it. */
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

/** Full access, access only to enrollment, or a refusal with its status and code. */
export type Outcome = "opens" | "enrolls" | `${number} ${string}`;

/**
 * Required outcome of every way:
 *
 * - Without the account's second factor, a sign-in fails and reveals nothing about the account.
 * - Expired credentials, and those from before a suspension or deletion, act like unknown ones.
 * - A proven owner learns that the account is suspended or being deleted. The owner can keep an account that is being deleted.
 * - From a forbidden address nobody can act for the account.
 * - If the account must enroll a factor first, a session can only enroll, and nothing else acts for the account.
 * - A link needs no factor and works from every address. It ends with the account.
 */
export function expected({ kind, half }: Way, factor: Factor, state: State): Outcome {
  const isGone = state === "suspended" || state === "being deleted";
  // An earlier mail is void for such accounts. An issuer proves the identity before the second factor is requested.
  if (isGone && kind === "mail") return refused("invalid_field");
  if (isGone && kind === "issuer") return ofWhole(kind, factor, state);
  const lacksFactor = half === true && factor !== "none";
  if (lacksFactor && proves(kind)) return refused("second_factor");
  const outcome = ofWhole(kind, factor, state);
  return lacksFactor && outcome === "opens" ? refused("second_factor") : outcome;
}

function ofWhole(kind: Kind, factor: Factor, state: State): Outcome {
  if (state === "active") return "opens";
  if (state === "expired") return inWordsOf(kind, "unauthenticated");
  if (state === "suspended") return proves(kind) ? refused("forbidden") : inWordsOf(kind, "unauthenticated");
  if (state === "being deleted") return proves(kind) ? refused("account_leaving") : inWordsOf(kind, "unauthenticated");
  if (kind === "public" || kind === "page") return "opens";
  if (state === "elsewhere") return inWordsOf(kind, "address_not_allowed");
  if (factor !== "none") return "opens";
  return proves(kind) || kind === "session" ? "enrolls" : inWordsOf(kind, "second_factor_required");
}

function proves(kind: Kind): boolean {
  return kind === "sign-in" || kind === "issuer" || kind === "mail";
}

/** Refusal as the standard of the program, identity system or page expresses it. */
function inWordsOf(kind: Kind, code: ErrorCode): Outcome {
  if (kind === "program") return "400 invalid_grant";
  if (kind === "identity") return "401 invalid_token";
  if (kind === "scim") return `${errorTable[code].status} scim`;
  return kind === "page" ? "404 page" : refused(code);
}

export function refused(code: ErrorCode): Outcome {
  return `${errorTable[code].status} ${code}`;
}
