import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";
import { SyncState } from "../state/sync-state.ts";
import { fetchRemote } from "./fetch.ts";

const rootId = "root" as NodeId;

function changed(seq: number, id: string, parent: string | null, name: string): ChangeJson {
  const rest = {
    kind: "folder",
    private: false,
    trashed_at: null,
    revision: "r",
    version_id: null,
    size: 0,
    modified_at: "",
  };
  const node = { id, parent_id: parent, name, seq, ...rest };
  return { seq, kind: "changed", id, node: node as unknown as NodeJson };
}

test("a change of the root folder itself, such as a new link to it, adds nothing to the remote tree", async () => {
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  state.commit({ cursor: { token: "before", epoch: "e", seq: 1 } });
  const changes = [changed(2, rootId, null, ""), changed(3, "photos", rootId, "photos")];
  const listChanges = async () => ({ changes, next_token: "after", has_more: false, epoch: "e" });
  const server = { listChanges } as unknown as Server;
  const identity = { serverId: "server", accountId: "account" };
  await fetchRemote({ server, state, identity, makeNodeId: () => "new" as NodeId, nowMs: () => 0 });
  assert.deepEqual([...state.remote.keys()], ["photos"]);
  assert.equal(state.cursor?.seq, 3);
});
