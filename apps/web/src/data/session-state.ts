/**
 * starting: the server has not been asked yet. expired: calls wait until the person signs in again. leaving: signed out
 * while the server was unreachable; the cookie is still valid but unused.
 */
export type SessionState = "starting" | "signed_in" | "expired" | "leaving" | "signed_out";

/**
 * token: this or another tab received an access token. refused: the server issues none. unreachable: the server did not
 * answer. left: sign-out without an answer. ended: sign-out succeeded.
 */
export type SessionEvent = "token" | "refused" | "unreachable" | "left" | "ended";

export const sessionSteps: Readonly<Record<SessionState, Readonly<Record<SessionEvent, SessionState>>>> = {
  starting: {
    token: "signed_in",
    refused: "signed_out",
    unreachable: "starting",
    left: "leaving",
    ended: "signed_out",
  },
  signed_in: { token: "signed_in", refused: "expired", unreachable: "signed_in", left: "leaving", ended: "signed_out" },
  expired: { token: "signed_in", refused: "expired", unreachable: "expired", left: "leaving", ended: "signed_out" },
  leaving: { token: "signed_in", refused: "leaving", unreachable: "leaving", left: "leaving", ended: "signed_out" },
  signed_out: {
    token: "signed_in",
    refused: "signed_out",
    unreachable: "signed_out",
    left: "signed_out",
    ended: "signed_out",
  },
};
