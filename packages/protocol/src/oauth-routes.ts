import { z } from "zod";
import { personName, scope, session } from "./account-routes.ts";
import { programScope } from "./scopes.ts";
import { deviceSystem } from "./device-routes.ts";
import { defineRoute } from "./route.ts";
import { idText, page } from "./values.ts";

const clientId = z.string().min(1).max(64);

export const oauthClient = z
  .object({
    id: z.string().describe("the `client_id`"),
    name: z.string(),
    redirect_uris: z.array(z.string()),
    post_logout_redirect_uris: z.array(z.string()),
    scopes: z
      .array(programScope)
      .describe("scopes that it may request, in addition to openid, email, profile and offline_access"),
    public: z
      .boolean()
      .describe("true: a public client, which cannot keep a secret because it runs on people's devices"),
    created_at: z.string(),
  })
  .meta({ id: "OauthClient" });

export const authorizedProgram = z
  .object({
    id: z.string(),
    name: z.string(),
    client_id: z.string(),
    scopes: z.array(scope),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    expires_at: z.string().describe("expiry if it is not used"),
  })
  .meta({ id: "AuthorizedProgram" });

/** Data for the consent page of a program. */
const asked = {
  name: z.string(),
  scopes: z.array(programScope),
  identity: z
    .array(z.enum(["email", "profile"]))
    .describe("data about the account that it receives, in addition to the ID"),
  lasting: z.boolean().describe("access continues while nobody uses the program (offline access)"),
  other_account: z
    .boolean()
    .describe("true: the program requires another account (`id_token_hint`), so this one can only deny"),
};

export const programRequest = z
  .object({ ...asked, address: z.string().describe("redirect address, to which the browser goes with the answer") })
  .meta({ id: "ProgramRequest" });

export const deviceRequest = z
  .object({
    ...asked,
    session: z.boolean().describe("true: signs in as the person, as a device"),
    address: z.string().describe("address of the program's request"),
    agent: z.string().nullable().describe("user agent, as sent by the program"),
    expires_at: z.string(),
  })
  .meta({ id: "DeviceRequest" });

const returnAddresses = z.array(z.string().min(1).max(2000)).max(20);

const userCode = z.string().min(1).max(32).describe("code shown by the program; case is ignored");
const answer = {
  allow: z.boolean(),
  admin: z.boolean().optional().describe("true: include the scope admin if it is requested; otherwise it is left out"),
};

export const oauthRoutes = {
  adminListOauthClients: defineRoute({
    method: "GET",
    path: "/admin/oauth-clients",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List programs that people can authorize or sign in to (OpenID Connect)",
    responses: { 200: page(oauthClient) },
  }),
  adminAddOauthClient: defineRoute({
    method: "POST",
    path: "/admin/oauth-clients",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary: "Register a program; the secret of a confidential one is shown only once",
    body: z.object({
      name: personName,
      redirect_uris: returnAddresses.describe(
        "https, compared character by character; public clients may use http on localhost with any port",
      ),
      post_logout_redirect_uris: returnAddresses
        .optional()
        .describe("addresses to which browsers may return after a sign-out; same rules as redirect_uris"),
      public: z.boolean().optional(),
      scopes: z.array(programScope).max(4).optional().describe("default files:read"),
    }),
    responses: { 201: oauthClient.extend({ secret: z.string().nullable() }) },
  }),
  adminRemoveOauthClient: defineRoute({
    method: "DELETE",
    path: "/admin/oauth-clients/:id",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    asksProof: true,
    summary: "Remove a program and all access that people gave it",
    params: z.object({ id: clientId }),
    responses: { 204: "empty" },
  }),
  listAuthorizedPrograms: defineRoute({
    method: "GET",
    path: "/account/authorized-programs",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the programs that the caller authorized, and their permissions",
    responses: { 200: page(authorizedProgram) },
  }),
  removeAuthorizedProgram: defineRoute({
    method: "DELETE",
    path: "/account/authorized-programs/:id",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke a program's access immediately",
    params: z.object({ id: idText.describe("ID of the consent in the list") }),
    responses: { 204: "empty" },
  }),
  readProgramRequest: defineRoute({
    method: "POST",
    path: "/account/program-requests/:id",
    tag: "Account",
    access: "account",
    cost: "call",
    fromOwnPage: true,
    bodyKind: "json",
    summary: "Read the authorization request of the program that sent this browser here",
    params: z.object({ id: z.string().min(1).max(64).describe("ID of the request in the app's URL") }),
    body: z.object({}),
    responses: { 200: programRequest },
  }),
  answerProgramRequest: defineRoute({
    method: "POST",
    path: "/account/program-requests/:id/answer",
    tag: "Account",
    access: "account",
    cost: "call",
    fromOwnPage: true,
    bodyKind: "json",
    asksProof: { allow: true },
    summary: "Approve or deny the authorization request",
    params: z.object({ id: z.string().min(1).max(64).describe("ID of the request in the app's URL") }),
    body: z.object(answer),
    responses: { 200: z.object({ url: z.string().describe("address to which the browser goes next") }) },
  }),
  readDeviceRequest: defineRoute({
    method: "POST",
    path: "/account/device-requests",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Read the request that belongs to the code shown on a device",
    body: z.object({ user_code: userCode }),
    responses: { 200: deviceRequest },
  }),
  answerDeviceRequest: defineRoute({
    method: "POST",
    path: "/account/device-requests/answer",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    asksProof: { allow: true },
    summary: "Approve or deny the request of the device that shows this code",
    body: z.object({ user_code: userCode, ...answer }),
    responses: { 204: "empty" },
  }),
  readSignOutRequest: defineRoute({
    method: "POST",
    path: "/sessions/sign-out-requests",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Read which program sent this browser here to sign out, and where the browser goes afterwards",
    body: z.object({
      sign_out_request: z.string().min(1).max(8192).describe("text after the # in the app's URL"),
    }),
    responses: {
      200: z.object({
        name: z.string().nullable().describe("name of the program; null if the program did not identify itself"),
        user_id: z.string().nullable().describe("account named in the program's id_token"),
        url: z
          .string()
          .nullable()
          .describe("address to which the browser goes next, registered for the program, with its state"),
      }),
    },
  }),
  startDeviceLogin: defineRoute({
    method: "POST",
    path: "/sessions/device",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Start signing in through a browser elsewhere: returns the code to enter there",
    body: z.object({
      device_name: personName,
      system: deviceSystem.optional().describe("operating system, shown in the list of devices"),
    }),
    responses: {
      201: z.object({
        device_code: z.string(),
        user_code: z.string(),
        verification_uri: z.string(),
        verification_uri_complete: z.string().describe("includes the code after the #"),
        expires_in: z.int().describe("seconds"),
        interval: z.int().describe("minimum number of seconds between two requests"),
      }),
    },
  }),
  finishDeviceLogin: defineRoute({
    method: "POST",
    path: "/sessions/device/token",
    tag: "Sign-in",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Poll for the person's decision; returns the session once it is approved",
    body: z.object({ device_code: z.string().max(200) }),
    responses: {
      200: session.extend({ email: z.string() }),
      202: z.object({
        interval: z.int().describe("seconds until the next request; longer if the last one came too soon"),
      }),
    },
  }),
};
