import type { NodeId } from "@holdfast/core/ids";
import type { SyncState } from "../state/sync-state.ts";
import type { RemoteRow } from "../model/trees.ts";
import type { FetchContext } from "./fetch-context.ts";
import { storeListing } from "./listing.ts";
import { withServerCheck } from "./same-server.ts";

const rowsAtOnce = 1000;

/** Stores the server's tree. Only the last page's cursor makes it valid. */
export async function fetchInitialListing(context: Pick<FetchContext, "server" | "state" | "identity">): Promise<void> {
  const { state } = context;
  forgetListing(state);
  state.commit(await withServerCheck(context, () => storeListing(context)));
}

/** An interrupted listing may be outdated. */
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
