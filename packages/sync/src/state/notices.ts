import type { SyncState } from "./sync-state.ts";

/** One-time event for a person; a week in the status. */
export interface Notice {
  readonly atMs: number;
  /** Relative to the root; "" for the whole folder. */
  readonly path: string;
  readonly code: "merged_again" | "share_ended" | "new_owner" | "maybe_damaged" | "now_hidden" | "not_deleted";
  /** The meaning depends on the code. */
  readonly counts: readonly number[];
  /** New path of a moved item. */
  readonly to?: string | undefined;
}

const listedMs = 7 * 24 * 3600_000;
/** Limit per code, so that one kind does not displace the others. */
const noticesMax = 50;
/** Steps of one event within this time make one notice, for example if files could not be moved at first. */
const oneMs = 3600_000;

export function noticesOf(state: Pick<SyncState, "setting">, nowMs: number): readonly Notice[] {
  const all = JSON.parse(state.setting("notices") ?? "[]") as Notice[];
  return all.filter(({ atMs }) => nowMs - atMs < listedMs);
}

export function addNotice(state: Pick<SyncState, "setting" | "commit">, notice: Notice): void {
  addNotices(state, [notice]);
}

/** One commit, because there may be thousands. */
export function addNotices(state: Pick<SyncState, "setting" | "commit">, [first, ...others]: readonly Notice[]): void {
  if (first === undefined) return;
  let all = withNotice(noticesOf(state, first.atMs), first);
  for (const notice of others) all = withNotice(all, notice);
  state.commit({ settings: [["notices", JSON.stringify(all)]] });
}

function withNotice(before: readonly Notice[], notice: Notice): readonly Notice[] {
  const { path, code, atMs } = notice;
  const same = before.find((each) => each.path === path && each.code === code && atMs - each.atMs < oneMs);
  const counts = notice.counts.map((count, at) => count + (same?.counts[at] ?? 0));
  const all = [...before.filter((each) => each !== same), { ...notice, counts }];
  const listed = new Set(all.filter((each) => each.code === code).slice(-noticesMax));
  return all.filter((each) => each.code !== code || listed.has(each));
}
