import { setTimeout as wait } from "node:timers/promises";
import type { NodeId } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync/ports";
import type { TestedServer } from "@holdfast/sync/server-conformance";
import { testServerContent } from "@holdfast/sync/server-conformance-content";
import { testServerTree } from "@holdfast/sync/server-conformance-tree";
import { ModelServer } from "./model-server.ts";

testServerTree("the model server", open);
testServerContent("the model server", open);

async function open(): Promise<TestedServer> {
  const model = new ModelServer();
  return {
    one: deviceOf(model, "one"),
    other: deviceOf(model, "other"),
    rootId: model.rootId as NodeId,
    makeNodeId: () => model.fresh("node") as NodeId,
    changeEpoch: async () => model.restore(model.backUp()),
  };
}

/** Without a network between them, in real time. */
function deviceOf(model: ModelServer, device: string): Server {
  return {
    listChanges: async (token) => model.listChanges(token),
    snapshot: async (cursor) => model.snapshot(cursor),
    queryNodes: async (ids) => model.queryNodes(ids),
    listBelow: async (id) => model.listBelow(id),
    manifests: async (wanted) => model.manifests(wanted),
    missingBlocks: async (hashes) => model.missingBlocks(hashes),
    putBlocks: async (blocks) => model.putBlocks(blocks),
    commit: async (epoch, operations, blocks) => model.commit(device, epoch, operations, blocks),
    async *fetchBlocks(wanted) {
      for (const each of wanted) yield { hash: each.hash, bytes: model.readBlock(each) };
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
