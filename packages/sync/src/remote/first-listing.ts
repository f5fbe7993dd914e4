import type { NodeId } from "@holdfast/core/ids";
import { Mounts } from "../shares/mounts.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../trees.ts";
import type { Ears } from "./fetch.ts";

const rowsAtOnce = 1000;

/** All that the server has, kept page by page. Only the cursor, which comes with the last one, makes it count. */
export async function listFirst({ server, state }: Pick<Ears, "server" | "state">): Promise<void> {
  forgetListing(state);
  const first = await server.snapshot(undefined);
  const mounts = new Mounts(new Map(), () => false);
  let seq = first.seq ?? 0;
  for (let page = first; ; page = await server.snapshot(page.next_cursor ?? undefined)) {
    const rows = mounts.rowsOf(page.items.filter(({ parent_id: parent }) => parent !== null));
    if (first.seq === undefined) for (const [, row] of rows) seq = Math.max(seq, row.seq);
    state.commit({ remote: rows });
    if (page.next_cursor === null) break;
  }
  const shares = [...mounts.learnt];
  const cursor = { token: first.token, epoch: first.epoch, seq, shareSeqs: first.share_seqs };
  // What stands in a mount may have come on an earlier page than the mount.
  const remote = shares.flatMap(([mount, { target }]) => {
    return state.remote.rowsIn(target).map(([id, row]) => [id, { ...row, parent: mount }] as const);
  });
  state.commit({ remote, shares, cursor });
}

/** Of a listing that was cut: what it said may be over. */
function forgetListing(state: SyncState): void {
  let gone: (readonly [NodeId, RemoteRow | undefined])[] = [];
  for (const id of state.remote.keys()) {
    gone.push([id, undefined]);
    if (gone.length < rowsAtOnce) continue;
    state.commit({ remote: gone });
    gone = [];
  }
  if (gone.length > 0) state.commit({ remote: gone });
}
