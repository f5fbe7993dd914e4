import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync-ports/ports";
import type { TestedServer } from "@holdfast/sync-ports/server-conformance";
import { testServerChangers } from "@holdfast/sync-ports/server-conformance-changers";
import { testServerContent } from "@holdfast/sync-ports/server-conformance-content";
import { testServerDeletions } from "@holdfast/sync-ports/server-conformance-deletions";
import { testServerTree } from "@holdfast/sync-ports/server-conformance-tree";
import { type TestedShares, testServerShares } from "@holdfast/sync-ports/server-conformance-shares";
import { rewind } from "./model-rewind.ts";
import { ModelServer } from "./model-server.ts";
import { everybody, homeOf } from "./model-shares.ts";
import type { Nodes } from "./model-tree.ts";

testServerTree("the model server", open);
testServerChangers("the model server", openShared);
testServerContent("the model server", open);
testServerDeletions("the model server", openShared);
testServerShares("the model server", openShared);

async function open(): Promise<TestedServer> {
  const model = new ModelServer();
  return ownersOf(model, everybody);
}

async function openShared(): Promise<TestedShares> {
  const model = new ModelServer();
  for (const account of ["ada", "bob"]) model.addAccount(account);
  const guestRootId = homeOf("bob") as NodeId;
  const moments: Nodes[] = [];
  return {
    ...ownersOf(model, "ada"),
    guest: deviceOf(model, "guest", "bob"),
    guestRootId,
    people: {
      share: async (folderId, role) => model.grant("one", folderId, "bob", role),
      unshare: async (folderId) => model.grant("one", folderId, "bob", undefined),
      mount: async (folderId, name) =>
        model.mount({ device: "guest", account: "bob" }, folderId, { parentId: guestRootId, name }) as NodeId,
      moment: async () => String(moments.push(new Map(model.nodes)) - 1),
      rewind: async (folderId, moment) =>
        void rewind(model, "one", folderId, moments[Number(moment)] ?? assert.fail("There is no such moment.")),
    },
  };
}

function ownersOf(model: ModelServer, account: string): TestedServer {
  return {
    one: deviceOf(model, "one", account),
    other: deviceOf(model, "other", account),
    rootId: homeOf(account) as NodeId,
    makeNodeId: () => model.fresh("node") as NodeId,
    changeEpoch: async () => model.restore(model.backUp()),
  };
}

function deviceOf(model: ModelServer, device: string, account: string): Server {
  return {
    whoAnswers: async () => ({ serverId: "model", accountId: account }),
    listChanges: async (token) => model.listChanges(token, account),
    snapshot: async (cursor) => model.snapshot(cursor, account),
    queryNodes: async (ids) => model.queryNodes(ids, account),
    listBelow: async (id) => model.listBelow(id, account),
    versionWith: async (id, contentId) => model.versionWith(id, contentId, account),
    changersOf: async (id, versionId) => model.changersOf(id, versionId),
    manifests: async (wanted) => model.manifests(wanted, account),
    missingBlocks: async (hashes, into, growthBytes) => model.missingBlocks(hashes, account, into, growthBytes),
    putBlocks: async (blocks, into) => model.putBlocks(blocks, account, into),
    commit: async (epoch, operations, blocks) => model.commit(device, epoch, operations, blocks, account),
    async *fetchBlocks(wanted) {
      for (const each of wanted) yield { hash: each.hash, bytes: model.readBlock(each, account) };
    },
    poll: async (token, timeoutMs) => {
      const over = new AbortController();
      const late = wait(timeoutMs, false, { signal: over.signal }).catch(() => false);
      try {
        return await Promise.race([model.waitBeyond(token).then(() => true), late]);
      } finally {
        over.abort();
      }
    },
  };
}
