import type { AccessTokens, SessionStore } from "@holdfast/api-client/access-tokens";
import { HoldfastError } from "@holdfast/core/errors";
import type { Login } from "./saved-login.ts";

/** Reports that the login has ended before the call fails with it, so that a running sync ends and says why. */
export function tellingEnd(tokens: AccessTokens, onEnded: (reason: HoldfastError) => Promise<void>): AccessTokens {
  const telling = async <Result>(asked: Promise<Result>): Promise<Result> => {
    try {
      return await asked;
    } catch (thrown) {
      if (thrown instanceof HoldfastError && thrown.code === "unauthenticated") await onEnded(thrown);
      throw thrown;
    }
  };
  return { current: () => telling(tokens.current()), renew: (refused) => telling(tokens.renew(refused)) };
}

/**
 * The login as long as it is the same account's: somebody may sign in anew meanwhile. The tokens of another account, or of another server, are
 * none for who began with this one.
 */
export function sameAccount(store: SessionStore<Login>, first: Pick<Login, "server" | "email">): SessionStore<Login> {
  const own = (login: Login | undefined): Login | undefined =>
    login?.server === first.server && login.email === first.email ? login : undefined;
  return {
    read: async () => own(await store.read()),
    update: async (change) =>
      own(await store.update((stored) => (own(stored) === undefined ? Promise.resolve(stored) : change(stored)))),
  };
}
