import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, LocalRow, RemoteRow } from "../trees.ts";
import { SyncState } from "./sync-state.ts";

const rootId = "root" as NodeId;
const idOf = (number: number): NodeId => `n${number}` as NodeId;
const remoteRow = (seq: number): RemoteRow => ({
  kind: "file",
  parent: rootId,
  name: `file ${seq}`,
  content: "c" as ContentKey,
  executable: false,
  trashed: false,
  versionId: "v",
  revision: "r",
  seq,
  sizeBytes: 1,
  modifiedAt: "",
  operationId: null,
});
const localRow: LocalRow = {
  kind: "file",
  parent: rootId,
  name: "a",
  content: "c" as ContentKey,
  executable: true,
  sight: "known",
  fingerprint: { inode: 2n ** 60n, sizeBytes: 5, mtimeNs: 1_700_000_000_123_456_789n, ctimeNs: 1n, birthNs: 0n },
};

function inFolder(body: (folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-state-"));
    try {
      await body(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

test(
  "what was committed is there for the next process, exact to the nanosecond",
  inFolder((folder) => {
    const path = join(folder, "state.db");
    const first = new DatabaseSync(path);
    const cursor = { token: "t", epoch: "e", seq: 7 };
    new SyncState(first, rootId).commit({
      remote: [[idOf(1), remoteRow(7)]],
      local: [[idOf(1), localRow]],
      cursor,
      parked: [[idOf(2), { nodeId: idOf(2), path: ".holdfast/parked/x" }]],
    });
    first.close();
    const state = new SyncState(new DatabaseSync(path), rootId);
    assert.deepEqual(state.remote.get(idOf(1)), remoteRow(7));
    assert.deepEqual(state.local.get(idOf(1)), localRow);
    assert.deepEqual(state.cursor, cursor);
    assert.equal(state.parked.size, 1);
  }),
);

test(
  "a change that cannot be written changes nothing, on the disk or in memory",
  inFolder((folder) => {
    const path = join(folder, "state.db");
    const database = new DatabaseSync(path);
    const state = new SyncState(database, rootId);
    state.commit({ remote: [[idOf(1), remoteRow(1)]] });
    database.exec("create trigger no before insert on settings begin select raise(abort, 'full'); end");
    const change = { remote: [[idOf(1), undefined] as const], cursor: { token: "t", epoch: "e", seq: 2 } };
    assert.throws(() => state.commit(change), /Is its disk full/);
    assert.equal(state.remote.size, 1);
    assert.equal(new SyncState(new DatabaseSync(path), rootId).remote.size, 1);
  }),
);

test(
  "a full disk is a failure that passes, also while many block lists are kept",
  inFolder((folder) => {
    const database = new DatabaseSync(join(folder, "state.db"));
    const state = new SyncState(database, rootId);
    database.exec("create trigger no before insert on manifests begin select raise(abort, 'full'); end");
    const keepMany = (): void => {
      for (let number = 0; number < 5000; number += 1) state.manifests.keep(`${number}` as ContentKey, []);
    };
    assert.throws(keepMany, { code: "unavailable" });
  }),
);

/** Commits for ever that row n and cursor n belong together, and says which it has done. */
const writer = `
import { DatabaseSync } from "node:sqlite";
import { SyncState } from ${JSON.stringify(join(import.meta.dirname, "sync-state.ts"))};
const state = new SyncState(new DatabaseSync(process.argv[1]), "root");
for (let seq = state.cursor?.seq ?? 1; ; seq += 1) {
  const row = ${JSON.stringify(remoteRow(0))};
  state.commit({ remote: [["n1", { ...row, seq }]], cursor: { token: "t", epoch: "e", seq } });
  process.stdout.write(seq + "\\n");
}`;

test(
  "after kill -9 at any moment cursor and rows belong together, and nothing acknowledged is missing",
  inFolder(async (folder) => {
    const path = join(folder, "state.db");
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", writer, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (bytes: Buffer) => {
        output += bytes.toString();
        if (output.split("\n").length > 20 + round) child.kill("SIGKILL");
      });
      await once(child, "close");
      const acknowledged = Number(output.split("\n").slice(0, -1).at(-1));
      const database = new DatabaseSync(path);
      const state = new SyncState(database, rootId);
      assert.ok((state.cursor?.seq ?? 0) >= acknowledged, `${state.cursor?.seq} of ${acknowledged}`);
      assert.equal(state.remote.get(idOf(1))?.seq, state.cursor?.seq);
      database.close();
    }
  }),
);
