import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { ContentKey, LocalRow, RemoteRow, SyncedRow, Trees } from "../model/trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import { plan } from "./plan.ts";

const rootId = "root" as NodeId;
const [outer, inner, file] = ["outer", "inner", "file"] as [NodeId, NodeId, NodeId];
const [old, newer] = ["old", "newer"] as [ContentKey, ContentKey];

test("a folder is not deleted on the server before a file deep in it has been moved out", () => {
  const [remote, synced] = [serverTree(old), baseTree()];
  const moved = { parent: rootId, name: "moved" };
  const racy = new Map([[file, localFile({ ...moved, readState: "racy" })]]);
  assert.deepEqual(operations({ remote, synced, local: racy }), []);
  const known = new Map([[file, localFile(moved)]]);
  assert.deepEqual(operations({ remote, synced, local: known }), ["move file", "delete outer"]);
});

test("a file in the trash with only its bit changed here returns with the server's newer bytes", () => {
  const remote = serverTree(newer).set(outer, { ...remoteFolder(rootId, "outer"), trashed: true });
  const local = new Map([[file, localFile({ parent: rootId, name: "moved", executable: true })]]);
  assert.deepEqual(operations({ remote, synced: baseTree(), local }), ["move file"]);
});

test("a file in the trash changed on both sides is restored before its conflict is resolved", () => {
  const remote = serverTree(newer).set(outer, { ...remoteFolder(rootId, "outer"), trashed: true });
  const mine = "mine" as ContentKey;
  const local = new Map([[file, localFile({ parent: rootId, name: "moved", content: mine })]]);
  assert.deepEqual(operations({ remote, synced: baseTree(), local }), ["move file"]);
  const unchanged = serverTree(old).set(outer, { ...remoteFolder(rootId, "outer"), trashed: true });
  assert.deepEqual(operations({ remote: unchanged, synced: baseTree(), local }), ["put file"]);
});

function operations({ remote, local, synced }: Pick<Trees, "remote" | "local" | "synced">): string[] {
  const trees: Trees = {
    rootId,
    remote,
    local,
    synced,
    offers: [],
    intents: new Map(),
    shares: new Map(),
    rights: new Map(),
  };
  const policy = {
    device: "here",
    nowMs: 0,
    slotKey: nameKey,
    makeNodeId: () => "fresh" as NodeId,
    seenSeqIn: () => 9,
  };
  const next = plan(trees, { ...policy, refusals: [], holdDeletions: () => new Set() });
  return next.remote.map(({ op, id }) => `${op} ${id}`);
}

function serverTree(content: ContentKey): Map<NodeId, RemoteRow> {
  return new Map([
    [outer, remoteFolder(rootId, "outer")],
    [inner, remoteFolder(outer, "inner")],
    [file, { ...remoteFolder(inner, "file"), kind: "file", content, versionId: content }],
  ]);
}

function baseTree(): Map<NodeId, SyncedRow> {
  return new Map([
    [outer, base("folder", rootId, "outer")],
    [inner, base("folder", outer, "inner")],
    [file, { ...base("file", inner, "file"), content: old }],
  ]);
}

function remoteFolder(parent: NodeId, name: string): RemoteRow {
  const row = { parent, name, kind: "folder" as const, content: "" as ContentKey, executable: false };
  const head = {
    trashed: false,
    versionId: null,
    revision: name,
    seq: 1,
    sizeBytes: 0,
    modifiedAt: "",
    operationId: null,
  };
  return { ...row, ...head };
}

function base(kind: NodeKind, parent: NodeId, name: string): SyncedRow {
  return { kind, place: { parent, name }, content: "" as ContentKey, executable: false, versionIds: [] };
}

function localFile(row: Pick<LocalRow, "parent" | "name"> & Partial<LocalRow>): LocalRow {
  const fingerprint = { inode: 7n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n, birthNs: 1n };
  return { kind: "file", content: old, executable: false, fingerprint, readState: "known", ...row };
}
