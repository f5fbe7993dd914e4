import type { NodeId } from "@holdfast/core/ids";
import { isLive, type RemoteRow, type Trees } from "../model/trees.ts";
import { shareOf } from "../model/enclosing-share.ts";

interface State extends Pick<Trees, "rootId" | "shares"> {
  readonly cursor: unknown;
  readonly remote: Pick<Trees["remote"], "get">;
  readonly unreportedPrivacy: Iterable<NodeId>;
  setting(name: string): string | undefined;
  commit(change: { readonly settings: Settings }): void;
}

type Settings = readonly (readonly [string, string])[];

/**
 * - `heard`: privacy of each node was reported.
 * - `asked`: it was not, as by every older server.
 * - `told`: some is missing, but the server reports it now; everything is listed again.
 */
const privacySetting = "privacy";
/** Unix milliseconds of the last listing for privacy, and of the last check of an older server. */
const [listedSetting, askedSetting] = ["privacy listed", "privacy asked"] as const;
const againMs = 3600_000;

const relisting = ["listed anew", "begun"] as const;

/** Starts a listing for data that an earlier version did not store. */
export function relistUnreportedData(state: State): void {
  const isKnown = state.cursor !== undefined;
  // That version used a mount's right for all its content.
  if (state.setting("rights") === undefined) {
    state.commit({ settings: [["rights", "heard"], ...(isKnown && state.shares.size > 0 ? [relisting] : [])] });
  }
  const privacy = state.setting(privacySetting);
  if (isKnown && privacy === undefined) state.commit({ settings: [[privacySetting, "asked"], relisting] });
  // An earlier version has written rows meanwhile.
  else if (privacy === "heard" && isPrivacyMissing(state)) state.commit({ settings: [[privacySetting, "told"]] });
}

/** @param isReported the privacy of each node was reported */
export function privacyListed(isReported: boolean): Settings {
  return [[privacySetting, isReported ? "heard" : "asked"]];
}

export function isPrivacyUnreported({ kind, trashed, isPrivate }: RemoteRow): boolean {
  return kind !== "symlink" && !trashed && isPrivate === undefined;
}

/**
 * @param rows a page of changes
 * @param isMount true for a folder of another account, which has no own privacy
 */
export function privacyReported(
  state: State,
  rows: Iterable<readonly [NodeId, RemoteRow]>,
  isMount: (id: NodeId) => boolean,
): Settings {
  const own = [...rows].filter(([id]) => !isMount(id)).map(([, row]) => row);
  if (own.some(isPrivacyUnreported)) return [[privacySetting, "asked"]];
  const isReported = own.some(({ isPrivate }) => isPrivate !== undefined);
  return isReported && state.setting(privacySetting) === "asked" ? [[privacySetting, "told"]] : [];
}

/**
 * Unchanged nodes appear only in a listing, so one starts if the server reports privacy now and known nodes lack it.
 * Older servers are checked once an hour, and listings are not more frequent.
 * @param query calls the server
 * @returns true if a listing starts
 */
export async function checkPrivacySupport(
  state: State,
  nowMs: number,
  query: () => Promise<boolean>,
): Promise<boolean> {
  const isDue = (name: string): boolean => {
    const leftMs = Number(state.setting(name) ?? -againMs) + againMs - nowMs;
    // A longer wait means that the clock was set back.
    return leftMs <= 0 || leftMs > againMs;
  };
  if (state.setting(privacySetting) === "asked" && isDue(askedSetting)) {
    state.commit({ settings: [[askedSetting, String(nowMs)]] });
    if (await query()) state.commit({ settings: [[privacySetting, "told"]] });
  }
  if (state.setting(privacySetting) !== "told" || !isDue(listedSetting)) return false;
  const isMissing = isPrivacyMissing(state);
  state.commit({ settings: isMissing ? [[listedSetting, String(nowMs)], relisting] : [[privacySetting, "heard"]] });
  return isMissing;
}

/** Mounts have no own privacy, and waiting shares report none. */
function isPrivacyMissing(state: State): boolean {
  for (const id of state.unreportedPrivacy) {
    const share = shareOf(state, state.remote, id);
    const isWaiting = share !== undefined && state.shares.get(share)?.waits === true;
    if (!state.shares.has(id) && !isWaiting && isLive(state, id)) return true;
  }
  return false;
}
