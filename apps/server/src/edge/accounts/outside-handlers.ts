import { hasAdministrator } from "../../features/accounts/people/administrators.ts";
import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { guardAttempt, throttleKey } from "../../features/accounts/context/attempts.ts";
import { withProof } from "../../features/accounts/proof/change-second-factor.ts";
import { assertLive, sessionOf } from "../../features/accounts/callers/live-session.ts";
import { isOlderThanFactor } from "../../features/accounts/factors/second-factor.ts";
import { passkeySiteOf } from "../../features/accounts/factors/passkey-site.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { answerSpent, readAnswer, sealAnswer, takeAnswer } from "../../features/issuer/answers.ts";
import type { ClaimsWorld } from "../../features/issuer/follow-claims.ts";
import type { Purpose } from "../../features/issuer/leaving.ts";
import type { Guard, Issuer } from "../../features/issuer/open-issuer.ts";
import { linkIdentity, listIdentities, removeIdentity } from "../../features/issuer/outside-identities.ts";
import { proveFromOutside, purposeOfProof } from "../../features/issuer/prove-from-outside.ts";
import { signInFromOutside } from "../../features/issuer/sign-in-from-outside.ts";
import { addressGroup, type Peer } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";
import { browserName, browserSystem } from "./browser-name.ts";
import { outsideCookie, readOutsideCookie } from "./outside-cookie.ts";
import { signInBrowser } from "./web-session-handlers.ts";

/** The operator registers this path with the issuer, which redirects browsers here. */
const callbackPath = "/sign-in/callback";

/**
 * @param issuer undefined: no issuer is configured
 * @param mail true if this server sends e-mail
 */
export function outsideHandlers(world: ClaimsWorld, issuer: Issuer | undefined, mail: boolean) {
  const begin = async (purpose: Purpose, returnTo: string, peer: Peer) => {
    const redirectUri = `${peer.publicUrl}${callbackPath}`;
    const { url, kept } = await theIssuer(issuer).begin(world, { purpose, redirectUri, returnTo });
    return { status: 200 as const, json: { url }, headers: { "set-cookie": outsideCookie(peer, kept) } };
  };
  // The last administrator cannot be removed, so true never becomes false again.
  let isSetUp = false;
  return {
    readSignInWays: async () => {
      const outside = issuer === undefined ? null : { name: issuer.settings.name, only: issuer.settings.only };
      isSetUp ||= await hasAdministrator(world);
      return { status: 200, json: { outside, mail, needs_setup: !isSetUp } };
    },
    beginOutsideSignIn: ({ body, peer }) => begin("sign-in", body.return_to ?? "/files", peer),
    finishOutside: async ({ body, headers, peer }) => {
      const kept = readOutsideCookie(peer, headers.cookie);
      const finished = await theIssuer(issuer).finish(world, body, kept, guardFor(world, peer));
      const { purpose, returnTo } = finished.leaving;
      return {
        status: 200,
        json: { use: useOf(purpose), ticket: sealAnswer(world, finished), return_to: returnTo },
        headers: { "set-cookie": outsideCookie(peer) },
      };
    },
    createOutsideWebSession: async ({ body, headers, peer, note }) => {
      const agent = headers["user-agent"];
      const device = { name: browserName(agent), system: browserSystem(agent), address: peer.address };
      return signInBrowser(world, { headers, peer, note }, async (secret, noteAll) => {
        const onClaimed = (userId: UserId) => noteAll({ userId });
        const keeps = body.keep_account === true;
        const request = { ...body, site: passkeySiteOf(peer), ...device, secret, keeps, onClaimed };
        const session = await signInFromOutside(world, theIssuer(issuer).settings, request);
        noteAll({ deviceId: session.device_id });
        return session;
      });
    },
    beginOutsideProof: async ({ caller, body, peer }) =>
      begin(await purposeOfProof(world, theIssuer(issuer).settings, caller), body.return_to ?? "/files", peer),
    confirmOutsideProof: async ({ caller, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      const until = await proveFromOutside(world, theIssuer(issuer).settings, caller, proof);
      return { status: 200, json: { proven_until: formatTime(until) } };
    },
    listOutsideIdentities: async ({ caller }) => {
      const items = await listIdentities(world, caller.userId, issuer?.settings.issuer);
      return { status: 200, json: { items, next_cursor: null } };
    },
    beginOutsideLink: async ({ caller, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      const change = { proof, source: addressGroup(peer.address), what: "links no sign-in" };
      await withProof(world, caller, change, async () => {});
      return begin(`link ${caller.userId}`, "/settings/security", peer);
    },
    confirmOutsideLink: async ({ caller, body }) => {
      const session = sessionOf(caller, "links no sign-in");
      const answer = readAnswer(world, `link ${caller.userId}`, body.ticket);
      const act = async (transaction: ShardQueries) => {
        await assertLive(transaction, session);
        if (await isOlderThanFactor(transaction, caller.userId, answer.askedAtMs * 1000)) throw answerSpent();
        if (!(await takeAnswer(transaction, caller.userId, answer))) throw answerSpent();
      };
      const json = await linkIdentity(world, caller.userId, answer.claims, { act });
      return { status: 201, json };
    },
    removeOutsideIdentity: async ({ caller, params, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      const change = { proof, source: addressGroup(peer.address), what: "unlinks no sign-in" };
      await assertMayUnlink(world, caller.userId, params.id);
      await removeIdentity(world, caller.userId, params.id, (act) => withProof(world, caller, change, act));
      return { status: 204 };
    },
  } satisfies Handlers;
}

function useOf(purpose: Purpose) {
  if (purpose === "sign-in") return "sign_in" as const;
  return purpose.startsWith("prove ") ? ("prove" as const) : ("link" as const);
}

/**
 * Users cannot escape their suspension by unlinking an account that the LDAP server no longer has.
 * @throws HoldfastError forbidden
 */
async function assertMayUnlink(world: ClaimsWorld, userId: UserId, id: string): Promise<void> {
  const { outsidePasswords: outside } = world;
  if (outside === undefined) return;
  const identity = (await listIdentities(world, userId)).find((each) => each.id === id);
  if (identity?.issuer !== outside.issuer) return;
  const message = `The password of this account is managed by ${outside.name} and cannot be changed here.`;
  throw new HoldfastError("forbidden", message, { field: "ldap" });
}

/**
 * Each code that the issuer does not know causes a call to the issuer. They are counted by source, like wrong
 * passwords, with one call at a time for each source.
 */
function guardFor({ throttle }: Pick<ClaimsWorld, "throttle">, peer: Peer): Guard {
  const key = throttleKey("outside", addressGroup(peer.address));
  return async <Result>(ask: () => Promise<Result>) => {
    let refused: unknown;
    const asked = await guardAttempt(throttle, key, async () => {
      try {
        return { result: await ask() };
      } catch (thrown) {
        refused = thrown;
        // Failures of the issuer do not count as attempts.
        if (thrown instanceof HoldfastError && thrown.code === "unauthenticated") return undefined;
        throw thrown;
      }
    });
    if (asked === undefined) throw refused;
    return asked.result;
  };
}

function theIssuer(issuer: Issuer | undefined): Issuer {
  if (issuer !== undefined) return issuer;
  throw new HoldfastError("not_found", "This server has no outside issuer to sign in through. HOLDFAST_OIDC sets one.");
}
