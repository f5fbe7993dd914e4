import { createHmac } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import type { Client, Provider } from "oidc-provider";
import { z } from "zod";
import type { AccountWorld } from "../accounts/account-world.ts";
import { isSame } from "../accounts/secret-token.ts";
import { findClient } from "./clients.ts";

/** So long a person may come from the program to the question in the app: once that is shown, it waits for ever. */
const lifetimeSeconds = 15 * 60;

/** Of what the browser carries from the one to the other: proxies pass on so long a header. */
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
 * What a program asks that wants somebody signed out (OpenID Connect RP-Initiated Logout 1.0), once it is proved: the app is told what
 * stands in here and nothing that came in an address.
 * @param form what the program said, once each; what nobody here reads is let by
 * @returns what the browser carries to the app: proved by an HMAC, as nothing of it is kept here
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

/** @throws HoldfastError not_found for what this server did not seal, what is over, and where the program is registered no more */
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
  /** Of whom it had an id_token. */
  readonly userId?: string;
}

async function readAsker(provider: Provider, hint: string | undefined, clientId: string | undefined): Promise<Asker> {
  if (hint === undefined) return clientId === undefined ? {} : { client: await knownClient(provider, clientId) };
  const audience = audienceOf(hint);
  if (clientId !== undefined && clientId !== audience)
    throw refusal("id_token_hint and client_id are of different programs");
  const client = await knownClient(provider, audience);
  try {
    // By our own keys, as of this issuer and for this program; whether it has expired says nothing about who signs out.
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

/** Nothing is proved by it: it says by which program the hint is to be proved. */
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
  // As RFC 6749 has it: without a value it is not there.
  return value === "" ? undefined : value;
}

/** As it is registered, to the letter: what parses addresses would write its query anew. */
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
