import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { NodeId } from "@holdfast/core/ids";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";
import { requireComponent } from "@holdfast/tools/components";
import { fc } from "@holdfast/tools/properties";
import { isAtRest, isFresh } from "../model/agreement.ts";
import type { ContentKey, LocalRow, OperationId, RemoteRow, SyncedRow } from "../model/trees.ts";
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
  readState: "known",
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
  "committed data is there for the next process, exact to the nanosecond",
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
  "a state reports that a commit waits for the disk",
  inFolder((folder) => {
    const database = new DatabaseSync(join(folder, "state.db"));
    const state = new SyncState(database, rootId);
    state.commit({ cursor: { token: "t", epoch: "e", seq: 7 } });
    const pragma = (name: string): unknown => database.prepare(`pragma ${name}`).get()?.[name];
    // 2 is FULL. A lower level would leave commits volatile until the next checkpoint.
    assert.deepEqual([pragma("synchronous"), pragma("journal_mode")], [2, "wal"]);
  }),
);

test("a commit is durable before it is reported, according to the system calls", async (t) => {
  if (!requireComponent(t, "strace")) return;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-durable-state-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = fileURLToPath(new URL("testing-durable-state.ts", import.meta.url));
  const recording = await recordCalls(t, { command: [process.execPath, program, folder], folder, by: "strace" });
  for (const said of ["first\n", "second\n"]) {
    const { atEnd } = findUndurable(recording, said);
    // SQLite rebuilds it from the log when the state is opened.
    assert.deepEqual(
      atEnd.filter((each) => !each.endsWith("-shm")),
      [],
      said,
    );
  }
});

test(
  "a change that cannot be written changes nothing, on the disk or in memory",
  inFolder((folder) => {
    const path = join(folder, "state.db");
    const database = new DatabaseSync(path);
    const state = new SyncState(database, rootId);
    state.commit({ remote: [[idOf(1), remoteRow(1)]] });
    database.exec("create trigger no before insert on settings begin select raise(abort, 'full'); end");
    const change = { remote: [[idOf(1), undefined] as const], cursor: { token: "t", epoch: "e", seq: 2 } };
    assert.throws(() => state.commit(change), /Could not write the state of the sync .*: full/);
    assert.equal(state.remote.size, 1);
    assert.equal(new SyncState(new DatabaseSync(path), rootId).remote.size, 1);
  }),
);

test(
  "a full disk is a temporary failure, even while many block lists are stored",
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

test("rows are read as written: IDs of all kinds, numbers beyond 64 bits, absent members", () => {
  const database = new DatabaseSync(":memory:");
  const uuid = "0199a1b2-c3d4-8abc-9def-0123456789ab";
  const hash = "ab".repeat(32) as ContentKey;
  const fingerprint = {
    inode: 2n ** 64n - 1n,
    sizeBytes: 2 ** 53 - 1,
    mtimeNs: -1n,
    ctimeNs: -(2n ** 70n),
    birthNs: 0n,
  };
  const local = [
    { ...localRow, parent: uuid as NodeId, content: hash, fingerprint },
    { ...localRow, kind: "symlink" as const, content: "link:ab" as ContentKey, readState: "racy" as const },
  ];
  const remote = { ...remoteRow(1), versionId: uuid, revision: uuid, operationId: uuid as OperationId };
  const synced: SyncedRow[] = [
    { kind: "file", place: undefined, content: undefined, executable: true, versionIds: ["v", uuid] },
    {
      kind: "file",
      place: { parent: rootId, name: "\u{1f600}" },
      content: hash,
      executable: false,
      versionIds: [uuid, uuid],
    },
    {
      kind: "folder",
      place: { parent: rootId, name: "x" },
      content: "" as ContentKey,
      executable: false,
      versionIds: [],
    },
  ];
  new SyncState(database, rootId).commit({
    local: local.map((row, number) => [idOf(number), row] as const),
    remote: [[uuid as NodeId, remote]],
    synced: synced.map((row, number) => [idOf(number), row] as const),
  });
  const state = new SyncState(database, rootId);
  assert.deepEqual([...state.local.values()], local);
  assert.deepEqual([...state.remote], [[uuid, remote]]);
  assert.deepEqual([...state.synced.values()], synced);
  assert.deepEqual(state.local.get(idOf(0)), local[0]);
  assert.equal(state.local.get(idOf(9)), undefined);
});

test("the tables behave like maps and sets through any commits and restarts", () => {
  const ids = ["a", "b", "c", "d"].map((name) => name as NodeId);
  const rows = fc.option(
    fc.record({ parent: fc.constantFrom(rootId, ...ids), readState: fc.constantFrom("known", "racy") }),
  );
  const changes = fc.array(fc.tuple(fc.constantFrom(...ids), rows), { maxLength: 4 });
  const step = fc.record({
    local: changes,
    remote: changes,
    synced: changes,
    fails: fc.boolean(),
    restarts: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const database = new DatabaseSync(":memory:");
      let state = new SyncState(database, rootId);
      const model = {
        remote: new Map<NodeId, RemoteRow>(),
        local: new Map<NodeId, LocalRow>(),
        synced: new Map<NodeId, SyncedRow>(),
      };
      const put = <Row>(table: Map<NodeId, Row>, change: readonly (readonly [NodeId, Row | undefined])[]): void => {
        for (const [id, row] of change)
          if (row === undefined) table.delete(id);
          else table.set(id, row);
      };
      for (const { fails, restarts, ...change } of steps) {
        const each = <Row>(list: typeof change.local, make: (row: { parent: NodeId; readState: string }) => Row) =>
          list.map(([id, row]) => [id, row === null ? undefined : make(row)] as const);
        const local = each(change.local, ({ parent, readState }) => ({
          ...localRow,
          parent,
          readState: readState as LocalRow["readState"],
        }));
        const remote = each(change.remote, ({ parent }) => ({ ...remoteRow(1), name: "a", executable: true, parent }));
        const synced = each(change.synced, ({ parent }): SyncedRow => {
          const { name, content } = localRow;
          return { kind: "file", place: { parent, name }, content, executable: true, versionIds: ["v"] };
        });
        if (fails) {
          database.exec("create trigger no before insert on settings begin select raise(abort, 'full'); end");
          assert.throws(
            () => state.commit({ local, remote, synced, settings: [["x", ""]] }),
            /Could not write the state of the sync/,
          );
          database.exec("drop trigger no");
        } else {
          state.commit({ local, remote, synced });
          put(model.local, local);
          put(model.remote, remote);
          put(model.synced, synced);
        }
        if (restarts) state = new SyncState(database, rootId);
        for (const name of ["local", "remote", "synced"] as const) {
          assert.deepEqual(new Map<NodeId, unknown>(state[name]), model[name]);
          assert.equal(state[name].size, model[name].size);
          for (const id of ids) assert.deepEqual(state[name].get(id), model[name].get(id));
        }
        const isUnsynced = (id: NodeId): boolean => !isAtRest({ ...model, intents: state.intents }, id);
        const { unsynced } = state;
        const isNew = (id: NodeId): boolean => isUnsynced(id) && isFresh({ ...model, intents: state.intents }, id);
        assert.deepEqual(
          [...unsynced].toSorted(),
          ids.filter((id) => isUnsynced(id) && !isNew(id)),
        );
        assert.deepEqual([...unsynced.fresh.after("")].toSorted(), ids.filter(isNew));
        assert.deepEqual(
          [unsynced.fresh.size, ids.filter((id) => unsynced.has(id))],
          [ids.filter(isNew).length, ids.filter(isUnsynced)],
        );
        for (const folder of [rootId, ...ids]) {
          const isIn = (id: NodeId): boolean =>
            [model.local.get(id), model.remote.get(id), model.synced.get(id)?.place].some(
              (at) => at?.parent === folder,
            );
          assert.deepEqual([...state.childrenOf(folder)].toSorted(), ids.filter(isIn));
        }
        const folders = new Set([...model.local.values()].map(({ parent }) => parent));
        assert.deepEqual([...state.local.folders()], [...folders].toSorted());
      }
    }),
    { numRuns: 60 },
  );
});

test("rows may be changed while iterating over all of them", () => {
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  const ids = Array.from({ length: 2500 }, (_, number) => idOf(10_000 + number));
  state.commit({ local: ids.map((id) => [id, localRow] as const) });
  const seen: NodeId[] = [];
  for (const id of state.local.keys()) {
    seen.push(id);
    const next = ids[ids.indexOf(id) + 1];
    if (seen.length % 3 === 0 && next !== undefined) state.commit({ local: [[next, undefined]] });
  }
  assert.equal(seen.length, state.local.size);
  assert.equal(new Set(seen).size, 1875);
});

test(
  "written data is immediately visible to others, and the database's log does not grow with it",
  inFolder((folder) => {
    const path = join(folder, "state.db");
    const database = new DatabaseSync(path);
    const state = new SyncState(database, rootId);
    const other = new DatabaseSync(path, { readOnly: true });
    const countOf = (table: string): number =>
      Number(other.prepare(`select count(*) as count from ${table}`).get()?.["count"]);
    const rowsAtOnce = 50;
    for (let round = 1; round <= 200; round += 1) {
      const ids = Array.from({ length: rowsAtOnce }, (_, number) => idOf(round * 1000 + number));
      state.commit({ local: ids.map((id) => [id, localRow] as const) });
      assert.equal(state.local.get(ids[0]!)?.name, localRow.name);
      if (round % 20 === 0) assert.equal(countOf("local_rows"), round * rowsAtOnce);
    }
    // SQLite copies its log back at 1,000 pages.
    assert.ok(statSync(`${path}-wal`).size < 3 * 1000 * 4096, String(statSync(`${path}-wal`).size));
    state.commit({ refusals: [{ nodeId: idOf(1), digest: "d", code: "exists", notBeforeMs: 1000 }] });
    assert.equal(countOf("refusals"), 1);
    state.forgetRefusals(2000);
    assert.equal(countOf("refusals"), 0);
    other.close();
    database.close();
    assert.ok(!existsSync(`${path}-wal`));
  }),
);

test(
  "a state from before aliases gets them, and keeps them",
  inFolder((folder) => {
    const path = join(folder, "state.db");
    const first = new DatabaseSync(path);
    new SyncState(first, rootId).commit({ local: [[idOf(1), localRow]] });
    first.exec("alter table local_rows drop column alias; pragma user_version = 1");
    first.close();
    const row = { ...localRow, alias: "a (case conflict)" };
    const second = new DatabaseSync(path);
    const state = new SyncState(second, rootId);
    assert.deepEqual(state.local.get(idOf(1)), localRow);
    state.commit({ local: [[idOf(1), row]] });
    second.close();
    assert.deepEqual(new SyncState(new DatabaseSync(path), rootId).local.get(idOf(1)), row);
  }),
);

test("data that an earlier version stored as JSON is migrated", () => {
  const database = new DatabaseSync(":memory:");
  const { fingerprint, readState: sight, ...others } = localRow;
  const { inode, sizeBytes, mtimeNs, ctimeNs, birthNs } = fingerprint;
  const old = {
    remote: remoteRow(3),
    local: { ...others, sight, fingerprint: [inode, sizeBytes, mtimeNs, ctimeNs, birthNs].map(String) },
    synced: { kind: "file", place: { parent: rootId, name: "a" }, content: "c", executable: true, versionIds: ["v"] },
  };
  for (const [name, row] of Object.entries(old)) {
    database.exec(`create table ${name} (key text primary key, row text not null) strict, without rowid`);
    database.prepare(`insert into ${name} values ('n1', ?)`).run(JSON.stringify(row));
  }
  const state = new SyncState(database, rootId);
  assert.deepEqual(state.remote.get(idOf(1)), old.remote);
  assert.deepEqual(state.local.get(idOf(1)), localRow);
  assert.deepEqual(state.synced.get(idOf(1)), old.synced);
  assert.deepEqual([...state.unsynced], [idOf(1)]);
  assert.deepEqual([...new SyncState(database, rootId).unsynced], [idOf(1)]);
});

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
  "after kill -9 at any moment, cursor and rows are consistent, and nothing acknowledged is missing",
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
