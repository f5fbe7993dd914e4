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
      .describe("what it may ask for at most, beside openid, email, profile and offline_access"),
    public: z.boolean().describe("it can keep no secret, as it runs on people's devices"),
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
    expires_at: z.string().describe("unless it is used before"),
  })
  .meta({ id: "AuthorizedProgram" });

/** What a person is shown before it is allowed. */
const asked = {
  name: z.string(),
  scopes: z.array(programScope),
  identity: z.array(z.enum(["email", "profile"])).describe("what it learns of the account beside its id"),
  lasting: z.boolean().describe("it goes on while nobody is there"),
};

export const programRequest = z
  .object({ ...asked, address: z.string().describe("where the answer is sent, and the person with it") })
  .meta({ id: "ProgramRequest" });

export const deviceRequest = z
  .object({
    ...asked,
    session: z.boolean().describe("it is signed in as the person: a device like any other"),
    address: z.string().describe("from which it asks"),
    agent: z.string().nullable().describe("what it says to be"),
    expires_at: z.string(),
  })
  .meta({ id: "DeviceRequest" });

const returnAddresses = z.array(z.string().min(1).max(2000)).max(20);

const userCode = z.string().min(1).max(32).describe("as the program shows it, in any capitals");
const answer = {
  allow: z.boolean(),
  admin: z.boolean().optional().describe("with the scope admin too, where it is asked for; else it is left out"),
};

export const oauthRoutes = {
  adminListOauthClients: defineRoute({
    method: "GET",
    path: "/admin/oauth-clients",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List programs that people can authorize or sign in to (OpenID Connect)",
    responses: { 200: page(oauthClient) },
  }),
  adminAddOauthClient: defineRoute({
    method: "POST",
    path: "/admin/oauth-clients",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary: "Register a program; the secret of a confidential one is shown only once",
    body: z.object({
      name: personName,
      redirect_uris: returnAddresses.describe(
        "https, compared letter by letter; http on this computer for public ones, with any port",
      ),
      post_logout_redirect_uris: returnAddresses
        .optional()
        .describe("where it may send browsers once it has had somebody signed out; as redirect_uris are"),
      public: z.boolean().optional(),
      scopes: z.array(programScope).max(4).optional().describe("files:read unless told"),
    }),
    responses: { 201: oauthClient.extend({ secret: z.string().nullable() }) },
  }),
  adminRemoveOauthClient: defineRoute({
    method: "DELETE",
    path: "/admin/oauth-clients/:id",
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
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "List the programs that the caller authorized, and what they may do",
    responses: { 200: page(authorizedProgram) },
  }),
  removeAuthorizedProgram: defineRoute({
    method: "DELETE",
    path: "/account/authorized-programs/:id",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke a program's access immediately",
    params: z.object({ id: idText.describe("of what was allowed, as the list has it") }),
    responses: { 204: "empty" },
  }),
  readProgramRequest: defineRoute({
    method: "POST",
    path: "/account/program-requests/:id",
    access: "account",
    cost: "call",
    fromOwnPage: true,
    bodyKind: "json",
    summary: "Read the authorization request of the program that sent this browser here",
    params: z.object({ id: z.string().min(1).max(64).describe("of the question, as the place in the app has it") }),
    body: z.object({}),
    responses: { 200: programRequest },
  }),
  answerProgramRequest: defineRoute({
    method: "POST",
    path: "/account/program-requests/:id/answer",
    access: "account",
    cost: "call",
    fromOwnPage: true,
    bodyKind: "json",
    asksProof: { allow: true },
    summary: "Approve or deny the authorization request",
    params: z.object({ id: z.string().min(1).max(64).describe("of the question, as the place in the app has it") }),
    body: z.object(answer),
    responses: { 200: z.object({ url: z.string().describe("where the browser goes on") }) },
  }),
  readDeviceRequest: defineRoute({
    method: "POST",
    path: "/account/device-requests",
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
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Read which program sent this browser here to sign out, and where the browser goes afterwards",
    body: z.object({
      sign_out_request: z.string().min(1).max(8192).describe("what stands after the # of the place in the app"),
    }),
    responses: {
      200: z.object({
        name: z.string().nullable().describe("of the program; null where it did not say which it is"),
        user_id: z.string().nullable().describe("whom it knows, by its id_token"),
        url: z.string().nullable().describe("where the browser goes on: registered for the program, with its state"),
      }),
    },
  }),
  startDeviceLogin: defineRoute({
    method: "POST",
    path: "/sessions/device",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Start signing in through a browser elsewhere: returns the code to enter there",
    body: z.object({
      device_name: personName,
      system: deviceSystem.optional().describe("what the device runs, for the list of devices"),
    }),
    responses: {
      201: z.object({
        device_code: z.string(),
        user_code: z.string(),
        verification_uri: z.string(),
        verification_uri_complete: z.string().describe("with the code after its #"),
        expires_in: z.int().describe("seconds"),
        interval: z.int().describe("seconds between two questions, at least"),
      }),
    },
  }),
  finishDeviceLogin: defineRoute({
    method: "POST",
    path: "/sessions/device/token",
    access: "open",
    cost: "call",
    bodyKind: "json",
    summary: "Poll for the person's decision; returns the session once it is approved",
    body: z.object({ device_code: z.string().max(200) }),
    responses: {
      200: session.extend({ email: z.string() }),
      202: z.object({
        interval: z.int().describe("seconds until the next question; more than before where it came too soon"),
      }),
    },
  }),
};
