/**
 * starting: nobody has asked yet whether this browser is signed in. expired: it was, and a person has to sign in again over the page, on
 * which calls wait. leaving: somebody signs out and the server has not heard of it, so its cookie still stands; nothing is done as them any
 * more. signed_out: nobody is.
 */
export type SessionState = "starting" | "signed_in" | "expired" | "leaving" | "signed_out";

/** token: one was given, to this tab or another. refused: the server gives none. unreachable: it did not answer. left: somebody wants to sign out, and it did not answer. ended: somebody signed out. */
export type SessionEvent = "token" | "refused" | "unreachable" | "left" | "ended";

/** For each state what each event makes of it. */
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
