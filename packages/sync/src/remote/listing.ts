import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";
import { inMounts, Mounts } from "./mounts.ts";
import { isPrivacyUnreported, privacyListed } from "../state/unreported-data.ts";
import type { Cursor } from "../state/sync-state.ts";
import type { RemoteRow, Right, Share } from "../model/trees.ts";
import type { FetchContext } from "./fetch-context.ts";

export interface ListingEnd {
  /** Rows inside a mount, or with one, may come on an earlier page than the mount. */
  readonly remote: readonly (readonly [NodeId, RemoteRow])[];
  readonly shares: readonly (readonly [NodeId, Share])[];
  readonly rights: readonly (readonly [NodeId, Right | undefined])[];
  readonly cursor: Cursor;
  readonly settings: ReturnType<typeof privacyListed>;
}

/**
 * @param keep receives the rows of each page
 * @param epoch expected epoch; undefined: any
 * @throws HoldfastError reset if the server was restored before or during the listing
 */
export async function listAll(
  server: Pick<Server, "snapshot">,
  keep: (rows: readonly (readonly [NodeId, RemoteRow])[]) => void,
  epoch?: string,
): Promise<Pick<ListingEnd, "shares" | "rights" | "cursor">> {
  const first = await server.snapshot(undefined);
  const mounts = new Mounts({ shares: new Map(), rights: new Map() }, () => false);
  let seq = first.seq ?? 0;
  for (let page = first; ; page = await server.snapshot(page.next_cursor ?? undefined)) {
    if (page.epoch !== (epoch ?? first.epoch)) throw restored();
    const rows = mounts.rowsOf(page.items.filter(isNoRoot));
    if (first.seq === undefined) for (const [, row] of rows) seq = Math.max(seq, row.seq);
    keep(rows);
    if (page.next_cursor === null) break;
  }
  const cursor = { token: first.token, epoch: first.epoch, seq, shareSeqs: first.share_seqs };
  return { shares: [...mounts.changedShares], rights: [...mounts.changedRights], cursor };
}

export function restored(): HoldfastError {
  return new HoldfastError("reset", "The server was restored.", { body: { reason: "epoch" } });
}

function isNoRoot({ parent_id: parent }: NodeJson): boolean {
  return parent !== null;
}

/**
 * Stores the server's tree in the remote tree.
 * @throws as `listAll`
 */
export async function storeListing(
  { server, state }: Pick<FetchContext, "server" | "state">,
  { epoch, note }: { readonly epoch?: string | undefined; readonly note?: (id: NodeId) => void } = {},
): Promise<ListingEnd> {
  let unreported = 0;
  const keep: Parameters<typeof listAll>[1] = (rows) => {
    for (const [id, row] of rows) {
      note?.(id);
      if (isPrivacyUnreported(row)) unreported += 1;
    }
    state.commit({ remote: rows });
  };
  const { shares, rights, cursor } = await listAll(server, keep, epoch);
  const mounts = new Map(shares.map(([mount, { target }]) => [target, mount]));
  const remote = shares.flatMap(([, { target }]) => {
    const row = state.remote.get(target);
    const rows = [...state.remote.rowsIn(target), ...(row === undefined ? [] : [[target, row] as const])];
    return rows.map(([id, each]) => [id, inMounts(each, id, mounts)] as const);
  });
  const over = [...state.rights.keys()].map((id) => [id, undefined] as const);
  return { remote, shares, rights: [...over, ...rights], cursor, settings: privacyListed(unreported <= shares.length) };
}
