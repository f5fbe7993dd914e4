import { createHmac } from "node:crypto";
import { limits } from "@holdfast/core/limits";
import { scope } from "@holdfast/protocol/account-routes";
import type { UserId } from "@holdfast/core/ids";
import type { Configuration, interactionPolicy, KoaContextWithOIDC, Provider } from "oidc-provider";
import { z } from "zod";
import { isAddressAllowed, readAccess } from "../accounts/callers/access-rules.ts";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { findUser } from "../accounts/context/directory.ts";
import { makeProgramToken } from "../accounts/context/secret-token.ts";
import type { Log } from "../../base/operation/log.ts";
import { openAdapter } from "./adapter.ts";
import { bucketFor } from "./artifacts.ts";
import { isClientSecret } from "./clients.ts";
import { requestCookie, requestCookiePath } from "./program-requests.ts";
import { openSigningKeys } from "./signing-keys.ts";

/** Header with the client's address, since proxies may be in between. Clients' own headers never reach the provider. */
export const addressHeader = "x-holdfast-address";

const minuteSeconds = 60;

/** Maximum number of providers, one per URL of this server; there may be several without HOLDFAST_PUBLIC_URL. */
const providersMax = 8;

export interface OpenidProviders {
  /** @param issuer public URL of this server */
  readonly of: (issuer: string) => Promise<Provider>;
}

export interface ProviderWatcher {
  readonly answered: (ctx: KoaContextWithOIDC) => void;
  readonly revoked: (ctx: KoaContextWithOIDC, grantId: string) => void;
}

/** Providers are reopened, because another process may have created a key. Keys are published long before they sign. */
const openForMicros = 10 * 60 * 1_000_000;

/** Loads nothing before a program's first request. */
export function openProviders(world: AccountWorld, log: Log, watcher: ProviderWatcher): OpenidProviders {
  const opened = new Map<string, { readonly provider: Promise<Provider>; readonly sinceMicros: number }>();
  return {
    of: (issuer) => {
      const nowMicros = world.clock.nowMicros();
      const known = opened.get(issuer);
      if (known !== undefined && nowMicros - known.sinceMicros < openForMicros) return known.provider;
      const [oldest] = opened.keys();
      if (known === undefined && opened.size >= providersMax && oldest !== undefined) opened.delete(oldest);
      const opening = { provider: openProvider(world, log, watcher, issuer), sinceMicros: nowMicros };
      opened.set(issuer, opening);
      opening.provider.catch(() => {
        if (opened.get(issuer) === opening) opened.delete(issuer);
      });
      return opening.provider;
    },
  };
}

async function openProvider(
  world: AccountWorld,
  log: Log,
  watcher: ProviderWatcher,
  issuer: string,
): Promise<Provider> {
  const oidc = await import("oidc-provider");
  const keys = await openSigningKeys(world);
  const cookieKey = createHmac("sha256", world.secrets.grantKey).update("openid cookies").digest("base64url");
  const provider = new oidc.Provider(issuer, {
    ...settings,
    adapter: (name: string) => openAdapter(world, name, (why) => new oidc.errors.InvalidGrant(why)),
    jwks: { keys } as never,
    interactions: { policy: askTheApp(oidc.interactionPolicy), url: (_, { uid }) => `/authorize/${uid}` },
    cookies: {
      keys: [cookieKey],
      names: { session: "holdfast-openid", interaction: requestCookie, resume: "holdfast-openid-resume" },
      short: { signed: true, httpOnly: true, sameSite: "lax", path: requestCookiePath },
    },
    findAccount: (ctx, id) => findAccount(world, id, ctx.get(addressHeader)),
  } satisfies Configuration);
  // Our own code sets the address header after it checked the proxies.
  provider.proxy = true;
  provider.on("server_error", (_, error) => log.error({ error: error.stack }, "the OpenID provider failed"));
  provider.use(async (ctx, next) => {
    await next();
    moveUserCode(ctx.body);
    watcher.answered(ctx as typeof ctx & KoaContextWithOIDC);
  });
  provider.on("grant.revoked", watcher.revoked);
  carryBuckets(provider, world);
  const { Client } = provider;
  Client.prototype.compareClientSecret = function compare(this: { clientSecret?: string }, given: string) {
    return this.clientSecret !== undefined && isClientSecret(this.clientSecret, given);
  };
  return provider;
}

/** Moves the code in the QR code's URL behind the #, where the app's page reads it, so that it is not logged. */
function moveUserCode(body: unknown): void {
  const parsed = deviceAnswer.safeParse(body);
  if (!parsed.success) return;
  const { verification_uri: page, user_code: code } = parsed.data;
  Object.assign(body as object, { verification_uri_complete: `${page}#${code}` });
}

const deviceAnswer = z.object({
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
});

const settings = {
  scopes: ["openid", "offline_access", ...scope.options],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  responseTypes: ["code"],
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
  allowOmittingSingleRegisteredRedirectUri: false,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  expiresWithSession: () => false,
  loadExistingGrant: (ctx) => {
    const grantId = ctx.oidc.result?.consent?.grantId;
    return grantId === undefined ? Promise.resolve(undefined) : ctx.oidc.provider.Grant.find(grantId);
  },
  ttl: {
    AccessToken: limits.accessTokenLifetimeMs / 1000,
    IdToken: limits.accessTokenLifetimeMs / 1000,
    RefreshToken: limits.refreshTokenLifetimeMs / 1000,
    AuthorizationCode: minuteSeconds,
    DeviceCode: limits.deviceCodeLifetimeMs / 1000,
    Interaction: 15 * minuteSeconds,
    Session: minuteSeconds,
    Grant: limits.refreshTokenLifetimeMs / 1000,
  },
  features: {
    devInteractions: { enabled: false },
    // Enabled for metadata and registration. Our own endpoint answers it, because nobody is signed in at the provider.
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    dPoP: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    introspection: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    deviceFlow: {
      enabled: true,
      charset: "base-20",
      mask: "****-****",
      deviceInfo: (ctx) => ({ address: ctx.get(addressHeader), agent: ctx.get("user-agent").slice(0, 200) }),
    },
  },
  routes: {
    authorization: "/oauth/authorize",
    token: "/oauth/token",
    userinfo: "/oauth/userinfo",
    jwks: "/oauth/jwks",
    revocation: "/oauth/revoke",
    introspection: "/oauth/introspect",
    device_authorization: "/oauth/device",
    code_verification: "/device",
    end_session: "/oauth/end",
  },
} satisfies Configuration;

/** Every request needs an answer in the app, so `prompt=none` always fails. */
function askTheApp({ Check, Prompt, base }: typeof interactionPolicy) {
  const policy = base();
  policy.clear();
  for (const name of ["login", "consent"] as const) {
    const check = new Check(`no_${name}`, "the user must answer in the app", (ctx) =>
      ctx.oidc.result?.[name] === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    );
    policy.add(new Prompt({ name, requestable: true }, check));
  }
  return policy;
}

/** Makes tokens contain their row's bucket. */
function carryBuckets(provider: Provider, { random }: Pick<AccountWorld, "random">): void {
  const kinds = { AccessToken: "a", RefreshToken: "b", DeviceCode: "v", AuthorizationCode: "x" } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const model = provider[name as keyof typeof kinds] as unknown as { prototype: { generateTokenId: () => string } };
    model.prototype.generateTokenId = function make(this: { accountId?: string; format?: string }) {
      // Opaque, like the original's tokens.
      this.format = "opaque";
      return makeProgramToken(kind, bucketFor(this.accountId), random);
    };
  }
}

/**
 * Runs before anything is reported, issued or consumed, so that a request rejected by the account's rules changes
 * nothing.
 * @param address of the client
 */
async function findAccount({ shards, clock }: AccountWorld, id: string, address: string) {
  const user = await findUser(shards, id as UserId);
  if (user === undefined || user.disabled_at !== null) return undefined;
  const access = await readAccess(shards.ofId(user.id).db, user.id, clock.nowMicros());
  if (access?.mustEnroll === true || !isAddressAllowed(access, address)) return undefined;
  return {
    accountId: id,
    claims: () => ({
      sub: id,
      email: user.email,
      email_verified: user.email_confirmed_at !== null,
      name: user.name,
    }),
  };
}
