import type { TokenId } from "@holdfast/core/ids";
import type { Adapter } from "oidc-provider";
import {
  consumeArtifact,
  deleteArtifact,
  endGrant,
  type OauthWorld,
  type Payload,
  readArtifact,
  writeArtifact,
} from "./artifacts.ts";
import { findClient } from "./clients.ts";
import { readDeviceCode } from "./device-codes.ts";
import { readGrant } from "./grants.ts";

/** @param ended creates the provider's error for an ended grant */
export function openAdapter(world: OauthWorld, kind: string, ended: (why: string) => Error): Adapter {
  if (kind === "Session") return nothing;
  if (kind === "Client") return { ...nothing, find: (id) => clientMetadata(world, id) };
  if (kind === "Grant") {
    return {
      ...nothing,
      find: (id) => readGrant(world, id),
      destroy: (id) => endGrant(world, id as TokenId),
    };
  }
  return {
    ...nothing,
    find: (id) => (kind === "DeviceCode" ? readDeviceCode(world, id) : readArtifact(world, kind, id)),
    upsert: async (id, payload, lifetimeSeconds) => {
      const kept = await writeArtifact(world, kind, id, {
        payload: { ...payload },
        lifetimeSeconds: lifetimeSeconds ?? 0,
      });
      if (!kept) throw ended("the grant has ended");
    },
    consume: async (id) => {
      if (!(await consumeArtifact(world, id))) throw ended("it was already used");
    },
    destroy: (id) => deleteArtifact(world, id),
    revokeByGrantId: (id) => endGrant(world, id as TokenId),
  };
}

/**
 * The provider has no sessions. The app answers each request with the account's session, so that no other session
 * outlives it.
 */
const nothing: Adapter = {
  upsert: () => Promise.resolve(),
  find: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
  findByUid: () => Promise.resolve(undefined),
  consume: () => Promise.resolve(),
  destroy: () => Promise.resolve(),
  revokeByGrantId: () => Promise.resolve(),
};

async function clientMetadata(world: OauthWorld, id: string): Promise<Payload | undefined> {
  const row = await findClient(world, id);
  if (row === undefined) return undefined;
  const isPublic = row.secret_hash === null;
  return {
    client_id: row.id,
    client_name: row.name,
    redirect_uris: row.redirect_uris,
    post_logout_redirect_uris: row.post_logout_redirect_uris,
    // Without a redirect URI, a client can use only device codes.
    grant_types: [...(row.redirect_uris.length === 0 ? [] : ["authorization_code"]), "refresh_token", deviceCodeGrant],
    response_types: row.redirect_uris.length === 0 ? [] : ["code"],
    response_modes: ["query"],
    scope: ["openid", "email", "profile", "offline_access", ...row.scopes].join(" "),
    ...(isPublic
      ? { application_type: "native", token_endpoint_auth_method: "none" }
      : { application_type: "web", client_secret: row.secret_hash?.toString("hex") }),
  };
}

export const deviceCodeGrant = "urn:ietf:params:oauth:grant-type:device_code";
