import { createHmac } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import type { Client, Provider } from "oidc-provider";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { isSame } from "../accounts/context/secret-token.ts";
import { findClient } from "./clients.ts";

/** Time from the program's redirect until the app shows the question, which then has no limit. */
const lifetimeSeconds = 15 * 60;

/** Maximum size of the request in the redirect. Proxies pass on headers of this length. */
export const signOutRequestBytesMax = 8 * 1024;

const signOutRequest = z.object({
  clientId: z.string().nullable(),
  userId: z.string().nullable(),
  url: z.string().nullable(),
  untilSeconds: z.number(),
});
type SignOutRequest = z.output<typeof signOutRequest>;

type SealWorld = Pick<AccountWorld, "secrets" | "clock">;

/**
 * Verifies a program's sign-out request (OpenID Connect RP-Initiated Logout 1.0). The app receives only verified
 * values, never those in a URL.
 * @param form the program's parameters, each at most once; unknown ones are ignored
 * @returns the request for the app with an HMAC, because the server stores nothing
 * @throws HoldfastError bad_request, too_large
 */
export async function sealSignOutRequest(world: SealWorld, provider: Provider, form: URLSearchParams): Promise<string> {
  const [hint, clientId, address] = ["id_token_hint", "client_id", "post_logout_redirect_uri"].map((name) =>
    readOnce(form, name),
  );
  const { client, userId = null } = await readAsker(provider, hint, clientId);
  if (address !== undefined && client === undefined)
    throw refusal("post_logout_redirect_uri requires client_id or id_token_hint");
  if (address !== undefined && client?.postLogoutRedirectUriAllowed(address) !== true)
    throw refusal("post_logout_redirect_uri is not registered for this program");
  const sealed = seal(world, {
    clientId: client?.clientId ?? null,
    userId,
    url: address === undefined ? null : withState(address, readOnce(form, "state")),
    untilSeconds: Math.floor(world.clock.nowMs() / 1000) + lifetimeSeconds,
  });
  if (sealed.length <= signOutRequestBytesMax) return sealed;
  throw new HoldfastError("too_large", "A program's sign-out request is not valid: its state is too long.");
}

/** @throws HoldfastError not_found for an invalid or expired request, or an unregistered program */
export async function readSignOutRequest(world: AccountWorld, sealed: string) {
  const asked = unseal(world, sealed);
  if (asked === undefined || asked.untilSeconds < world.clock.nowMs() / 1000) throw isOver();
  const { clientId, userId, url } = asked;
  if (clientId === null) return { name: null, user_id: null, url: null };
  const client = await findClient(world, clientId);
  if (client === undefined) throw isOver();
  return { name: client.name, user_id: userId, url };
}

interface Asker {
  readonly client?: Client;
  /** User of the program's id_token. */
  readonly userId?: string;
}

async function readAsker(provider: Provider, hint: string | undefined, clientId: string | undefined): Promise<Asker> {
  if (hint === undefined) return clientId === undefined ? {} : { client: await knownClient(provider, clientId) };
  const audience = audienceOf(hint);
  if (clientId !== undefined && clientId !== audience)
    throw refusal("id_token_hint and client_id are of different programs");
  const client = await knownClient(provider, audience);
  try {
    // Verified with our keys, this issuer and this program. Expired tokens are accepted, since they still identify the
    // user.
    const { payload } = await provider.IdToken.validate(hint, client);
    return { client, userId: String(payload["sub"]) };
  } catch (cause) {
    throw refusal("id_token_hint was not issued to the program by this server, or is too old", cause);
  }
}

async function knownClient(provider: Provider, id: string): Promise<Client> {
  const client = isId(id) ? await provider.Client.find(id) : undefined;
  if (client === undefined) throw refusal("the program is not registered on this server");
  return client;
}

const claims = z.object({ aud: z.string() });

/** Unverified; selects the program with which the hint is verified. */
function audienceOf(hint: string): string {
  const [, payload = ""] = hint.split(".");
  try {
    return claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))).aud;
  } catch (cause) {
    throw refusal("id_token_hint is not an ID token", cause);
  }
}

function readOnce(form: URLSearchParams, name: string): string | undefined {
  const [value = "", ...more] = form.getAll(name);
  if (more.length > 0) throw refusal(`${name} is set more than once`);
  // RFC 6749: an empty parameter counts as missing.
  return value === "" ? undefined : value;
}

/** Keeps the registered address exactly; a URL parser would rewrite its query. */
function withState(address: string, state: string | undefined): string {
  if (state === undefined) return address;
  return `${address}${address.includes("?") ? "&" : "?"}state=${encodeURIComponent(state)}`;
}

function seal(world: SealWorld, asked: SignOutRequest): string {
  const text = Buffer.from(JSON.stringify(asked)).toString("base64url");
  return `${text}.${proofOf(world, text)}`;
}

function unseal(world: SealWorld, sealed: string): SignOutRequest | undefined {
  const [text = "", proof = "", ...more] = sealed.split(".");
  if (more.length > 0 || !isSame(Buffer.from(proof), Buffer.from(proofOf(world, text)))) return undefined;
  return signOutRequest.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
}

function proofOf({ secrets }: SealWorld, text: string): string {
  return createHmac("sha256", secrets.grantKey).update(`sign-out request ${text}`).digest("base64url");
}

function refusal(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("bad_request", `A program's sign-out request is not valid: ${why}.`, { cause });
}

function isOver(): HoldfastError {
  return new HoldfastError("not_found", "This request has expired. Sign out in the program again.");
}
