import { HoldfastError } from "@holdfast/core/errors";
import type { programRequest } from "@holdfast/protocol/oauth-routes";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import type { OauthClientRow } from "../../base/db/account-tables.ts";
import { isSame } from "../accounts/context/secret-token.ts";
import { type Payload, readArtifact, writeArtifact } from "./artifacts.ts";
import { findClient } from "./clients.ts";
import { assertIsPerson, makeGrant, ourScopes } from "./grants.ts";
import { assertWanted, wantsOther } from "./wanted-account.ts";
import { provenFor } from "./wanted-proof.ts";

/** Binds a program's request to its browser. Browsers send it only to these routes. */
export const requestCookie = "holdfast-openid-request";
export const requestCookiePath = "/api/v1/account/program-requests";

const interaction = z.looseObject({
  params: z.looseObject({
    client_id: z.string(),
    scope: z.string().default(""),
    redirect_uri: z.string().default(""),
  }),
  returnTo: z.string(),
  iat: z.number(),
  exp: z.number(),
  result: z.unknown().optional(),
});
type Interaction = z.output<typeof interaction>;

/** @throws HoldfastError not_found if the request began in another browser, expired or was answered */
export async function readProgramRequest(
  world: AccountWorld,
  caller: Caller,
  id: string,
  cookies: string | undefined,
): Promise<z.output<typeof programRequest>> {
  assertIsPerson(caller);
  const { client, asked } = await findRequest(world, id, cookies);
  const uri = asked.params.redirect_uri;
  return { ...wordsFor(client, asked.params, caller), address: URL.parse(uri)?.origin ?? uri };
}

/**
 * Answers a request. The caller proves to be the app by its token, which other pages lack, and to be in the browser
 * that the program redirected.
 * @returns URL at which the browser continues
 * @throws HoldfastError not_found as `readProgramRequest`; forbidden if the program requires another account;
 * proof_required if it requires a later proof than the session has
 */
export async function answerProgramRequest(
  world: AccountWorld,
  caller: Caller,
  id: string,
  { allow, admin, cookies }: { allow: boolean; admin?: boolean | undefined; cookies: string | undefined },
): Promise<string> {
  assertIsPerson(caller);
  const { client, asked } = await findRequest(world, id, cookies);
  const result = allow
    ? await allowed(world, caller, { client, asked, scope: grantedScope(client, asked.params.scope, caller, admin) })
    : refusalFor(asked.params, caller);
  const lifetimeSeconds = Math.max(1, Math.floor(asked.exp - world.clock.nowMs() / 1000));
  await writeArtifact(world, "Interaction", id, {
    payload: { ...asked, result },
    lifetimeSeconds,
    userId: caller.userId,
  });
  return asked.returnTo;
}

function refusalFor(params: object, caller: Caller): Payload {
  return wantsOther(params, caller)
    ? { error: "login_required", error_description: "another account is signed in" }
    : { error: "access_denied", error_description: "the person refused" };
}

async function allowed(
  world: AccountWorld,
  caller: Caller,
  { client, asked, scope }: { readonly client: OauthClientRow; readonly asked: Interaction; readonly scope: string },
): Promise<Payload> {
  assertWanted(asked.params, caller);
  const ts = await provenFor(world, caller, { params: asked.params, askedAt: asked.iat });
  const grantId = await makeGrant(world, caller, { clientId: client.id, name: client.name, scope });
  return { login: { accountId: caller.userId, remember: false, ts }, consent: { grantId } };
}

async function findRequest(
  world: AccountWorld,
  id: string,
  cookies: string | undefined,
): Promise<{ client: OauthClientRow; asked: Interaction }> {
  const isOurs = cookieValues(cookies).some((value) => isSame(Buffer.from(value), Buffer.from(id)));
  const read = isOurs ? interaction.safeParse(await readArtifact(world, "Interaction", id)) : undefined;
  const client = read?.success === true ? await findClient(world, read.data.params.client_id) : undefined;
  if (read?.success !== true || client === undefined || read.data.result !== undefined) {
    throw new HoldfastError(
      "not_found",
      "This request has expired, was already answered, or was started in another browser or tab. Start again in the program.",
    );
  }
  return { client, asked: read.data };
}

function cookieValues(header: string | undefined): string[] {
  const pairs = (header ?? "").split(";").map((pair) => pair.trim());
  const name = `${requestCookie}=`;
  return pairs.filter((pair) => pair.startsWith(name)).map((pair) => pair.slice(name.length));
}

export function wordsFor(
  client: Pick<OauthClientRow, "name" | "scopes">,
  params: { readonly scope: string },
  caller: Caller,
) {
  const { scope } = params;
  const words = new Set(scope.split(" "));
  return {
    name: client.name,
    scopes: ourScopes(scope).filter((each) => client.scopes.includes(each) && (each !== "admin" || caller.admin)),
    identity: (["email", "profile"] as const).filter((each) => words.has("openid") && words.has(each)),
    lasting: words.has("offline_access"),
    other_account: wantsOther(params, caller),
  };
}

/** Part of the requested scope that can be granted. Only an administrator who agrees grants `admin`. */
export function grantedScope(
  client: Pick<OauthClientRow, "scopes">,
  scope: string,
  caller: Caller,
  admin: boolean | undefined,
): string {
  const mayAdminister = admin === true && caller.admin;
  const own = new Set<string>(client.scopes.filter((each) => each !== "admin" || mayAdminister));
  const ours = new Set<string>(ourScopes(scope));
  return [...new Set(scope.split(" "))].filter((word) => word !== "" && (!ours.has(word) || own.has(word))).join(" ");
}
