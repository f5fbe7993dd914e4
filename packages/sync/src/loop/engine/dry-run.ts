import type { NodeId } from "@holdfast/core/ids";
import { folderContent } from "../../model/content.ts";
import { baseAfterMove, baseFromServer } from "../../execute/new-base.ts";
import type { LocalOperation, RemoteOperation } from "../../plan/plan-types.ts";
import { baseAfterCommit, bitOf } from "../../remote/responses.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { type LocalRow, type RemoteRow, unnumberedInode } from "../../model/trees.ts";

/** Applies an uninterrupted local operation to a copy of the state. */
export function dryRunLocal(state: SyncState, operation: LocalOperation, makeNodeId: () => NodeId): void {
  const { id } = operation;
  const current = "local" in operation ? { ...operation.local, ...state.local.get(id) } : undefined;
  const keep = (row: LocalRow): void =>
    state.commit({ local: [[id, row]], synced: [[id, baseFromServer(state, id, row)]] });
  if (operation.op === "create") return keep(newRow(operation));
  if (operation.op === "delete") return state.commit({ local: [[id, undefined]], synced: [[id, undefined]] });
  if (current === undefined || operation.op === "park") return;
  if (operation.op === "copy_aside") {
    const { onto } = operation;
    const { parent, name, alias } = onto?.local ?? { ...operation, alias: undefined };
    const copy = { ...current, parent, name, alias };
    return state.commit({ local: [[onto?.id ?? makeNodeId(), copy]] });
  }
  if (operation.op === "move") {
    const row = { ...current, ...operation.place, alias: operation.place.alias };
    return state.commit({ local: [[id, row]], synced: [[id, baseAfterMove(state, id, row)]] });
  }
  const content = operation.op === "replace" ? operation.remote.content : current.content;
  keep({ ...current, content, executable: operation.executable, isPrivate: operation.isPrivate });
}

function newRow({ place, remote }: LocalOperation & { op: "create" }): LocalRow {
  const { kind, content, executable, isPrivate, sizeBytes } = remote;
  const fingerprint = { inode: unnumberedInode, sizeBytes, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  return { kind, content, executable, isPrivate, alias: undefined, ...place, fingerprint, readState: "known" };
}

export function dryRunRemote(state: SyncState, operation: RemoteOperation): void {
  const { id } = operation;
  state.commit({
    remote: [[id, { ...remoteAfter(operation), versionId: null, revision: `after ${operation.op} of ${id}` }]],
    synced: [[id, baseAfterCommit(state.synced.get(id), operation)]],
  });
}

function remoteAfter(operation: RemoteOperation): RemoteRow {
  switch (operation.op) {
    case "mkdir":
      return { ...blank, ...operation.place, kind: "folder", content: folderContent, isPrivate: operation.isPrivate };
    case "symlink":
      return { ...blank, ...operation.place, kind: "symlink", content: operation.content };
    case "create": {
      const { content, executable, isPrivate } = operation.local;
      return { ...blank, ...operation.place, kind: "file", content, executable, isPrivate };
    }
    case "put": {
      const { base, revive, local } = operation;
      const executable = bitOf(operation) ?? base.executable;
      const isPrivate = operation.isPrivate ?? base.isPrivate;
      return { ...base, ...revive, content: local.content, executable, isPrivate, trashed: false };
    }
    case "move":
      return { ...operation.base, ...operation.place, trashed: false };
    case "set":
      return {
        ...operation.base,
        executable: operation.executable ?? operation.base.executable,
        isPrivate: operation.isPrivate ?? operation.base.isPrivate,
      };
    case "delete":
      return { ...operation.base, trashed: true };
    default:
      return operation satisfies never;
  }
}

const blank = {
  executable: false,
  trashed: false,
  versionId: null,
  revision: "",
  seq: 0,
  sizeBytes: 0,
  modifiedAt: "",
  operationId: null,
} as const;
