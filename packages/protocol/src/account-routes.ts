import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { language, notifyChange, notifySettings } from "./account-settings.ts";
import { deviceSystem } from "./device-routes.ts";
import { passkeyAssertion } from "./passkey-values.ts";
import { defineRoute } from "./route.ts";
import { listedUser, user } from "./user-values.ts";
import { idText, page, timeText } from "./values.ts";

export const email = z
  .string()
  .min(3)
  .max(limits.emailBytesMax)
  .regex(/^[^\s@]+@[^\s@]+$/, "is not an e-mail address");
export const password = z.string().min(limits.passwordBytesMin).max(limits.passwordBytesMax);

/** Other ways to sign in, which end when a new password is set. */
export const endedWays = {
  end_passkeys: z.boolean().optional().describe("also remove passkeys when a new password is set"),
  end_outside: z
    .boolean()
    .optional()
    .describe("also unlink sign-ins through other services when a new password is set"),
};
export const personName = z.string().min(1).max(200);
export const secret = z.string().min(1).max(512);
/** Spaces and hyphens are ignored. */
export const secondFactorCode = z
  .string()
  .max(64)
  .describe("code from the authenticator app, or a recovery code; required if a second factor is on");

/** Sign-in by address and password, or by a passkey alone without both. */
export const signInFields = {
  email: z.string().min(1).max(limits.emailBytesMax).optional().describe("optional only with a passkey alone"),
  password: z.string().min(1).max(limits.passwordBytesMax).optional().describe("optional only with a passkey alone"),
  totp: secondFactorCode.optional(),
  passkey: passkeyAssertion
    .optional()
    .describe("second factor in addition to the password; without e-mail address and password it signs in by itself"),
  keep_account: z.boolean().optional().describe("true: restore an account that its owner deleted"),
};

type SignInFields = Readonly<Partial<Record<"email" | "password" | "passkey", unknown>>>;

/** A typical sign-in. The account determines which other fields are required. */
export const signInExample = { email: "ada@example.com", password: "correct horse battery staple" };

/** Returns a refinement that rejects a missing field. */
export function beside(field: "email" | "password") {
  const isThere = (body: SignInFields) =>
    body[field] !== undefined ||
    (body.passkey !== undefined && body.email === undefined && body.password === undefined);
  const refused: { path: string[]; message: string } = { path: [field], message: "is missing" };
  return [isThere, refused] as const;
}

export const scope = z.enum(["files:read", "files:write", "account", "admin", "scim"]);
export type Scope = z.output<typeof scope>;

const factorDueAt = z
  .string()
  .optional()
  .describe("deadline for setting up a second factor; after it, only requests that set one up are accepted");

export const session = z
  .object({
    access_token: z.string().describe("a JWT, 15 minutes"),
    refresh_token: z.string().describe("30 days, rotates"),
    expires_in: z.int().describe("seconds"),
    device_id: z.string(),
    device_secret: z
      .string()
      .optional()
      .describe("send it with the next sign-in from this device, so that failed attempts do not block it"),
    second_factor_due_at: factorDueAt,
  })
  .meta({ id: "Session" });

export const account = z
  .object({
    id: z.string(),
    server_id: z.string(),
    public_url: z.string().optional().describe("base URL of the server's links"),
    certificate_sha256: z
      .string()
      .optional()
      .describe("fingerprint of the server's certificate, in hex, if it is self-signed"),
    email: z.string(),
    next_email: z
      .string()
      .nullable()
      // Older servers omit it.
      .default(null)
      .describe("new e-mail address that is waiting for confirmation"),
    name: z.string(),
    admin: z.boolean(),
    confirmed: z.boolean().describe("the e-mail address is confirmed"),
    has_password: z
      .boolean()
      .default(true)
      .describe("false: requests that require the password accept a recent proof of the session instead"),
    plan: z.string(),
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    used_bytes: z.int(),
    stored_bytes: z.int(),
    root_id: z.string(),
    bucket: z.int().describe("bucket of the IDs that clients of this account create"),
    device_id: z.string().nullable(),
    scopes: z.array(scope).optional().describe("scopes of the session or token of this request"),
    language: language.describe("language of e-mails to this account"),
    notify: notifySettings,
    auto_mount: z.boolean().describe("folders that others share are mounted in the root automatically"),
    limits: z.record(z.string(), z.number()),
    second_factor_due_at: factorDueAt,
  })
  .meta({ id: "Account" });

export const planName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, "must be 1 to 32 letters, digits, - and _ in lower case");
/** Plan name to bytes; null: no limit. */
export const planSettings = z.record(planName, z.int().min(0).nullable());

export const token = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    created_at: z.string(),
    expires_at: z.string().nullable(),
    last_used_at: z.string().nullable(),
    kind: z
      .enum(["token", "app_password"])
      .default("token")
      .describe("app_password: for a program that signs in with the account's e-mail address"),
    permission_id: z
      .string()
      .nullable()
      .default(null)
      .describe("of an app password for one folder: its permission on that folder"),
    folder_id: z
      .string()
      .nullable()
      .default(null)
      .describe("ID of that folder; also null if the permission was removed"),
  })
  .meta({ id: "Token" });

const invitationFacts = z.object({
  kind: z.enum(["setup", "invite"]).describe("setup: creates the first administrator"),
  email: z.string().nullable().describe("the only e-mail address that can use the invitation; null: any"),
  expires_at: timeText,
  shared: z
    .array(z.object({ name: z.string(), by: z.string().describe("name of the person who shares it") }))
    .describe("shared items that wait for that address, oldest first, at most five"),
});
export type InvitationFacts = z.output<typeof invitationFacts>;

export const accountRoutes = {
  createSession: defineRoute({
    method: "POST",
    path: "/sessions",
    tag: "Sign-in",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Sign in with a password or a passkey; the device is created with the session",
    body: z
      .object({
        ...signInFields,
        device_name: z.string().min(1).max(200).optional(),
        device_secret: secret.optional(),
        system: deviceSystem.optional().describe("operating system, shown in the list of devices"),
      })
      .refine(...beside("email"))
      .refine(...beside("password"))
      .meta({ example: signInExample }),
    responses: { 200: session },
  }),
  refreshSession: defineRoute({
    method: "POST",
    path: "/sessions/refresh",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Exchange a refresh token for its successor and a fresh access token",
    body: z.object({ refresh_token: secret }),
    responses: { 200: session },
  }),
  deleteCurrentSession: defineRoute({
    method: "DELETE",
    path: "/sessions/current",
    tag: "Sign-in",
    access: "account",
    endsSession: true,
    cost: "call",
    bodyKind: "none",
    summary: "Sign out: the session's tokens stop working immediately",
    responses: { 204: "empty" },
  }),
  createAccount: defineRoute({
    method: "POST",
    path: "/accounts",
    tag: "Account",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Create an account with an invitation or the one-time set-up token",
    body: z.object({ email, password, name: personName, invite: secret.optional() }),
    responses: { 201: user },
  }),
  readInvitation: defineRoute({
    method: "POST",
    path: "/accounts/invitation",
    tag: "Account",
    access: "open",
    cost: "sign_in",
    bodyKind: "json",
    summary:
      "Read an invitation: whose address it is for, when it expires, and what is shared with that address; 404 if it is unknown, used or expired",
    body: z.object({ token: secret }),
    responses: { 200: invitationFacts },
  }),
  getAccount: defineRoute({
    method: "GET",
    path: "/account",
    tag: "Account",
    access: "signed_in",
    callers: ["app_password", "enrolling"],
    cost: "call",
    bodyKind: "none",
    summary: "Get the caller, this server's ID, usage and limits",
    responses: { 200: account },
  }),
  updateAccount: defineRoute({
    method: "PATCH",
    path: "/account",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "json",
    asksProof: "sometimes",
    summary: "Change the caller's own name and settings: language, notifications, automatic mounting of shares",
    body: z.object({
      name: personName.optional(),
      language: language.nullable().optional().describe("null: the server's default"),
      notify: notifyChange.optional(),
      auto_mount: z.boolean().optional(),
    }),
    responses: { 200: account },
  }),
  createToken: defineRoute({
    method: "POST",
    path: "/tokens",
    tag: "Sign-in",
    access: "account",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary: "Create a personal access token; it is shown only once",
    body: z.object({
      name: personName,
      scopes: z.array(scope).min(1).max(scope.options.length),
      expires_at: timeText.nullable().optional(),
    }),
    responses: { 201: token.extend({ token: z.string() }) },
  }),
  listTokens: defineRoute({
    method: "GET",
    path: "/tokens",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the caller's personal access tokens, without their secrets",
    responses: { 200: page(token) },
  }),
  deleteToken: defineRoute({
    method: "DELETE",
    path: "/tokens/:id",
    tag: "Sign-in",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke a personal access token",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
  adminListUsers: defineRoute({
    method: "GET",
    path: "/admin/users",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List all accounts, or those whose name or e-mail address contains a text",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: z.string().max(4096).optional(),
      search: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .describe(
          `each word (up to ${limits.searchWordsMax}) must be in the name or e-mail address; case and accents are ignored`,
        ),
    }),
    responses: { 200: page(listedUser) },
  }),
  adminCreateUser: defineRoute({
    method: "POST",
    path: "/admin/users",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary: "Create an account for another person",
    body: z.object({
      email,
      password,
      name: personName.optional(),
      admin: z.boolean().optional(),
      plan: planName.optional(),
      quota_bytes: z.int().min(0).nullable().optional(),
    }),
    responses: { 201: user },
  }),
  adminUpdateUser: defineRoute({
    method: "PATCH",
    path: "/admin/users/:id",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: {
      admin: "given",
      password: "given",
      email: "given",
      second_factor: "given",
      confirmed: "given",
      disabled: false,
      signed_out: "given",
    },
    summary: "Suspend or enable an account, or change its address, name, plan, quota or password (by ID or e-mail)",
    params: z.object({ id: z.string().min(1).max(limits.emailBytesMax) }),
    body: z.object({
      disabled: z.boolean().optional(),
      plan: planName.optional(),
      quota_bytes: z
        .union([z.int().min(0), z.literal("plan")])
        .nullable()
        .optional()
        .describe('null: unlimited; "plan": the quota of the plan'),
      password: password.optional(),
      admin: z.boolean().optional(),
      name: personName.optional(),
      email: email.optional().describe("a new e-mail address, not confirmed"),
      confirmed: z.literal(true).optional(),
      second_factor: z
        .literal(false)
        .optional()
        .describe("turn off the second factor of a person who has lost it, and end all sessions"),
      signed_out: z
        .literal(true)
        .optional()
        .describe("end all sessions, tokens, app passwords, programs, webhooks and offered transfers of the account"),
      ...endedWays,
    }),
    responses: { 200: user },
  }),
  adminInvite: defineRoute({
    method: "POST",
    path: "/admin/invitations",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: { email: "given" },
    summary: "Create an invitation; its token is shown only once",
    body: z.object({
      email: email.optional(),
      plan: planName.optional(),
      quota_bytes: z.int().min(0).nullable().optional(),
    }),
    responses: {
      201: z.object({
        token: z.string(),
        url: z.string(),
        expires_at: z.string(),
        others: z.int().optional().describe("earlier invitations for this address that are still valid"),
      }),
    },
  }),
};
