import type { AccessTokens, SessionStore } from "@holdfast/api-client/access-tokens";
import { HoldfastError } from "@holdfast/core/errors";
import type { Login } from "./saved-login.ts";

/** True for a login that works again after its user signs in elsewhere. */
export function isWaiting({ body }: HoldfastError): boolean {
  return body["reason"] === "sign_in_again";
}

/** A running sync ends with the reason, because it is reported before the call fails. */
export function reportingEnd(tokens: AccessTokens, onEnded: (reason: HoldfastError) => Promise<void>): AccessTokens {
  const reporting = async <Result>(asked: Promise<Result>): Promise<Result> => {
    try {
      return await asked;
    } catch (thrown) {
      if (thrown instanceof HoldfastError && thrown.code === "unauthenticated" && !isWaiting(thrown))
        await onEnded(thrown);
      throw thrown;
    }
  };
  return { current: () => reporting(tokens.current()), renew: (refused) => reporting(tokens.renew(refused)) };
}

/** @param known id of the server that responded before */
export function otherServer(server: string, known: string, answers: string): string {
  return `A different server now answers at ${server}: ${answers}, not ${known}. Folders that were synced with the previous server are not synced with this one. Was the server set up again, or was its data folder replaced or mounted late? Bring the previous server back and run 'holdfast login ${server}' again.`;
}

/**
 * Restricts a login store to the account of the first login. Another sign-in may replace the login, and a running
 * command must not use tokens of another account or server.
 */
export function sameAccount(
  store: SessionStore<Login>,
  first: Pick<Login, "server" | "email" | "serverId">,
): SessionStore<Login> {
  const own = (login: Login | undefined): Login | undefined => {
    if (login?.server !== first.server || login.email !== first.email) return undefined;
    if (login.serverId !== undefined && first.serverId !== undefined && login.serverId !== first.serverId)
      throw new HoldfastError("unauthenticated", otherServer(first.server, first.serverId, login.serverId));
    return login;
  };
  return {
    read: async () => own(await store.read()),
    update: async (change) =>
      own(await store.update((stored) => (own(stored) === undefined ? Promise.resolve(stored) : change(stored)))),
  };
}
