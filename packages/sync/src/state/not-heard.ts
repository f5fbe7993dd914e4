import type { NodeId } from "@holdfast/core/ids";
import { isLive, type RemoteRow, type Trees } from "../model/trees.ts";
import { shareOf } from "../model/whereabouts.ts";

interface State extends Pick<Trees, "rootId" | "shares"> {
  readonly cursor: unknown;
  readonly remote: Pick<Trees["remote"], "get">;
  /** Nodes whose privacy the server has not told. */
  readonly untold: Iterable<NodeId>;
  setting(name: string): string | undefined;
  commit(change: { readonly settings: Settings }): void;
}

type Settings = readonly (readonly [string, string])[];

/**
 * - `heard`: the server has told of each node whether it is private.
 * - `asked`: it has not, as an older one never does.
 * - `told`: it has not of each, and tells by now: all is listed for that.
 */
const privacySetting = "privacy";
/** When all was listed for that, and when a server that did not tell was asked last; Unix milliseconds. */
const [listedSetting, askedSetting] = ["privacy listed", "privacy asked"] as const;
const againMs = 3600_000;

const listedAnew = ["listed anew", "begun"] as const;

/** What an earlier version did not keep of what the server has is listed anew. */
export function listAnewWhatWasNotHeard(state: State): void {
  const isKnown = state.cursor !== undefined;
  // It took the right of a mount for that of all in it.
  if (state.setting("rights") === undefined) {
    state.commit({ settings: [["rights", "heard"], ...(isKnown && state.shares.size > 0 ? [listedAnew] : [])] });
  }
  const privacy = state.setting(privacySetting);
  if (isKnown && privacy === undefined) state.commit({ settings: [[privacySetting, "asked"], listedAnew] });
  // An earlier version has written rows in between.
  else if (privacy === "heard" && isPrivacyMissing(state)) state.commit({ settings: [[privacySetting, "told"]] });
}

/** Once all was listed. @param isTold of each node whether it is private */
export function privacyListed(isTold: boolean): Settings {
  return [[privacySetting, isTold ? "heard" : "asked"]];
}

/** A row of which is not told whether it is private; that of a mount never is. */
export function isUntold({ kind, trashed, isPrivate }: RemoteRow): boolean {
  return kind !== "symlink" && !trashed && isPrivate === undefined;
}

/** @param rows of a page of changes @param isMount which is a folder of somebody else's, and has no privacy of its own */
export function privacyHeard(
  state: State,
  rows: Iterable<readonly [NodeId, RemoteRow]>,
  isMount: (id: NodeId) => boolean,
): Settings {
  const own = [...rows].filter(([id]) => !isMount(id)).map(([, row]) => row);
  if (own.some(isUntold)) return [[privacySetting, "asked"]];
  const isTold = own.some(({ isPrivate }) => isPrivate !== undefined);
  return isTold && state.setting(privacySetting) === "asked" ? [[privacySetting, "told"]] : [];
}

/**
 * Begins to list all anew if the server tells by now of each node whether it is private, and did not of all that is known: of what never changes
 * only a listing tells. An older server is asked once an hour, and all is listed no more often than that.
 * @param tells asks the server
 * @returns whether that begins
 */
export async function askForPrivacy(state: State, nowMs: number, tells: () => Promise<boolean>): Promise<boolean> {
  const isDue = (name: string): boolean => {
    const leftMs = Number(state.setting(name) ?? -againMs) + againMs - nowMs;
    // Further off than it ever is: the clock was set back since.
    return leftMs <= 0 || leftMs > againMs;
  };
  if (state.setting(privacySetting) === "asked" && isDue(askedSetting)) {
    state.commit({ settings: [[askedSetting, String(nowMs)]] });
    if (await tells()) state.commit({ settings: [[privacySetting, "told"]] });
  }
  if (state.setting(privacySetting) !== "told" || !isDue(listedSetting)) return false;
  const isMissing = isPrivacyMissing(state);
  state.commit({ settings: isMissing ? [[listedSetting, String(nowMs)], listedAnew] : [[privacySetting, "heard"]] });
  return isMissing;
}

/** A mount has no privacy of its own, and of a share that waits nothing is told. */
function isPrivacyMissing(state: State): boolean {
  for (const id of state.untold) {
    const share = shareOf(state, state.remote, id);
    const isWaiting = share !== undefined && state.shares.get(share)?.waits === true;
    if (!state.shares.has(id) && !isWaiting && isLive(state, id)) return true;
  }
  return false;
}
