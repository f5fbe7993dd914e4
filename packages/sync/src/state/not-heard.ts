export function tellsPrivacy([, { isPrivate }]: readonly [
  unknown,
  { readonly isPrivate?: boolean | undefined },
]): boolean {
  return isPrivate !== undefined;
}

interface State {
  readonly cursor: unknown;
  readonly shares: { readonly size: number };
  setting(name: string): string | undefined;
  commit(change: { readonly settings: readonly (readonly [string, string])[] }): void;
}

/** `heard`: the server tells of each node whether it is private; `asked`: it has not yet, as an older one never does. */
export const privacySetting = "privacy";

export const listedAnew = ["listed anew", "begun"] as const;

/** What an earlier version did not keep of what the server has is listed anew. */
export function listAnewWhatWasNotHeard(state: State): void {
  const isKnown = state.cursor !== undefined;
  // It took the right of a mount for that of all in it.
  if (state.setting("rights") === undefined) {
    state.commit({ settings: [["rights", "heard"], ...(isKnown && state.shares.size > 0 ? [listedAnew] : [])] });
  }
  if (isKnown && state.setting(privacySetting) === undefined) {
    state.commit({ settings: [[privacySetting, "asked"], listedAnew] });
  }
}
