import type { UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { confirmPasskey, preparePasskey, removePasskey } from "../../features/accounts/proof/change-passkeys.ts";
import { passkeySiteOf, requirePasskeySite } from "../../features/accounts/factors/passkey-site.ts";
import { listPasskeys, renamePasskey, requestOfSignIn } from "../../features/accounts/factors/passkeys.ts";
import { type SessionJson, signIn, type SignInRequest } from "../../features/accounts/sign-in/sessions.ts";
import { signInByPasskey } from "../../features/accounts/sign-in/sign-in-by-passkey.ts";
import { addressGroup, type Peer } from "../exchange/peer.ts";
import type { AuditNote } from "../exchange/describe-request.ts";
import type { Handlers } from "../exchange/handler.ts";

export function passkeyHandlers(world: AccountWorld) {
  return {
    listPasskeys: async ({ caller }) => ({
      status: 200,
      json: { items: await listPasskeys(world, caller.userId), next_cursor: null },
    }),
    preparePasskey: async ({ caller, body, peer }) => {
      const proof = { ...body, site: requirePasskeySite(peer) };
      return { status: 201, json: await preparePasskey(world, caller, proof, addressGroup(peer.address)) };
    },
    confirmPasskey: async ({ caller, body, peer }) => ({
      status: 201,
      json: await confirmPasskey(world, caller, { ...body, site: requirePasskeySite(peer) }),
    }),
    renamePasskey: async ({ caller, params, body }) => ({
      status: 200,
      json: await renamePasskey(world, caller, params.id, body.name),
    }),
    removePasskey: async ({ caller, params, body, peer }) => {
      const proof = { ...body, site: passkeySiteOf(peer) };
      await removePasskey(world, caller, params.id, { proof, source: addressGroup(peer.address) });
      return { status: 204 };
    },
    preparePasskeySignIn: ({ peer }) => ({ status: 200, json: requestOfSignIn(world, requirePasskeySite(peer)) }),
  } satisfies Handlers;
}

type SignInBody = Omit<SignInRequest, "email" | "password" | "address"> & {
  readonly email?: string | undefined;
  readonly password?: string | undefined;
};

/** The schema ensures that the body contains a password or a passkey. */
export async function signInBy(
  world: AccountWorld,
  body: SignInBody,
  { peer, note }: { readonly peer: Peer; readonly note: (note: AuditNote) => void },
): Promise<SessionJson> {
  const onClaimed = (userId: UserId) => note({ userId });
  const { address } = peer;
  const source = addressGroup(address);
  const { email, password, passkey } = body;
  const session =
    email === undefined && password === undefined && passkey !== undefined
      ? await signInByPasskey(world, { ...body, passkey, address, site: requirePasskeySite(peer), onClaimed }, source)
      : await signIn(
          world,
          { ...body, email: email ?? "", password: password ?? "", address, site: passkeySiteOf(peer), onClaimed },
          source,
        );
  note({ deviceId: session.device_id });
  return session;
}
