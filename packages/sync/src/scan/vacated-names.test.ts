import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, Intent, LocalRow, RemoteRow } from "../model/trees.ts";
import { besideForMs, vacatedForMs, vacatedMax, VacatedNames } from "./vacated-names.ts";

const rootId = "root" as NodeId;
const old = "old" as NodeId;
const fresh = "fresh" as NodeId;

function local(name: string, more: Partial<LocalRow> = {}): LocalRow {
  const fingerprint = { inode: 1n, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n, birthNs: 0n };
  const row = { kind: "file", parent: rootId, name, content: "c" as ContentKey, executable: false } as const;
  return { ...row, alias: undefined, fingerprint, readState: "known", ...more };
}

function remote(name: string, trashed: boolean, parent = rootId): RemoteRow {
  const version = { versionId: "v", revision: "r", seq: 1, sizeBytes: 1, modifiedAt: "", operationId: null };
  return { kind: "file", parent, name, content: "first" as ContentKey, executable: true, trashed, ...version };
}

class Device {
  readonly vacated = new VacatedNames();
  readonly local = new Map<NodeId, LocalRow>();
  readonly remote = new Map<NodeId, RemoteRow>();
  readonly intents = new Map<NodeId, Intent>();
  readonly departures = new Map<NodeId, NodeId>();
  nowMs = 1_000_000;

  get known(): Parameters<VacatedNames["observe"]>[0] {
    const { local: rows, remote: there, intents, departures } = this;
    return { rootId, local: rows, remote: there, intents, departures };
  }

  look(...changes: readonly (readonly [NodeId, LocalRow | undefined])[]): Record<string, string> {
    const seen = { slotKey: (name: string) => name.toLowerCase(), nowMs: this.nowMs };
    const { changes: next } = this.vacated.observe(this.known, new Map(changes), seen);
    for (const [id, row] of next) {
      if (row === undefined) this.local.delete(id);
      else this.local.set(id, row);
    }
    return Object.fromEntries([...this.local].map(([id, { name }]) => [name, id]));
  }
}

function deleted(): Device {
  const device = new Device();
  device.local.set(old, local("a"));
  device.remote.set(old, remote("a", true));
  device.look([old, undefined]);
  return device;
}

test("a new file under a vacated name continues the file that left it, for a minute", () => {
  const device = deleted();
  device.nowMs += vacatedForMs - 1;
  assert.deepEqual(device.look([fresh, local("A")]), { A: old });
  const late = deleted();
  late.nowMs += vacatedForMs;
  assert.deepEqual(late.look([fresh, local("a")]), { a: fresh });
});

test("a file restored from the trash is based on the deleted content, unless its bytes are the same", () => {
  for (const [content, base] of [
    ["second", "first"],
    ["first", undefined],
  ] as const) {
    const device = deleted();
    const row = local("a", { content: content as ContentKey });
    const { synced } = device.vacated.observe(device.known, new Map([[fresh, row]]), {
      slotKey: (name) => name,
      nowMs: device.nowMs,
    });
    const known = { kind: "file", place: undefined, content: base, executable: true, versionIds: [] };
    assert.deepEqual([...synced], [[old, known]]);
  }
});

test("a file that could not be read completely continues no earlier one", () => {
  const device = deleted();
  assert.deepEqual(device.look([fresh, local("a", { readState: "racy" })]), { a: fresh });
  assert.deepEqual(device.look([fresh, local("a")]), { a: old });
});

test("a file moved to a backup name gives its node to the new file, and keeps it under any other name", () => {
  const backups = ["a.txt~", "a.txt.bak", "a.bak", "a.txt.~1~", "a.old", "a.txt.orig"];
  const others = ["b.txt", "a.txt 2", "a.txt.pdf", "a-1.txt", "a (copy).txt", "a_1", "aa.bak", "a.txt.1", "a-old"];
  for (const [name, isBackup] of [...backups.map((each) => [each, true]), ...others.map((each) => [each, false])]) {
    const device = new Device();
    device.local.set(old, local("a.txt"));
    device.remote.set(old, remote("a.txt", false));
    device.look([old, local(String(name))]);
    device.nowMs += besideForMs - 1;
    assert.equal(device.look([fresh, local("a.txt")])["a.txt"], isBackup === true ? old : fresh, String(name));
  }
});

test("a backup that existed for ten seconds is a file of its own", () => {
  const device = new Device();
  device.local.set(old, local("a"));
  device.remote.set(old, remote("a", false));
  device.look([old, local("a.bak")]);
  device.nowMs += besideForMs;
  assert.deepEqual(device.look([fresh, local("a")]), { "a.bak": old, a: fresh });
});

test("a backup in another folder, or that is no file, is a separate item", () => {
  const folder = "folder" as NodeId;
  for (const more of [{ parent: folder }, { kind: "folder" }] as const) {
    const device = new Device();
    device.local.set(old, local("a"));
    device.remote.set(old, remote("a", false));
    device.look([old, local("a.bak", more)]);
    assert.equal(device.look([fresh, local("a")])["a"], fresh);
  }
});

const notContinued: Readonly<Record<string, (device: Device) => void>> = {
  "unknown to the server": (device) => device.remote.delete(old),
  "that moved with its folder": (device) => device.remote.set(old, remote("a", false, "gone" as NodeId)),
  "that moves to another space": (device) => device.departures.set(old, "there" as NodeId),
  "that the engine is about to move": (device) =>
    device.intents.set(old, { place: local("a"), content: undefined, executable: false }),
  "after the clock was set back": (device) => (device.nowMs -= 1),
};

for (const [what, change] of Object.entries(notContinued)) {
  test(`no new file continues one ${what}`, () => {
    const device = deleted();
    change(device);
    assert.deepEqual(device.look([fresh, local("a")]), { a: fresh });
  });
}

test("moves and deletions by the engine vacate no name", () => {
  const device = new Device();
  device.local.set(old, local("a"));
  device.remote.set(old, remote("a", true));
  device.intents.set(old, { place: local("a"), content: undefined, executable: false });
  device.look([old, undefined]);
  device.intents.clear();
  assert.deepEqual(device.look([fresh, local("a")]), { a: fresh });
});

test("a file created within the last ten seconds continues one when renamed in its folder, an older one never", () => {
  const folder = "folder" as NodeId;
  for (const [parent, ageMs, isContinued] of [
    [rootId, 0, true],
    [rootId, besideForMs, false],
    [folder, 0, false],
  ] as const) {
    const device = new Device();
    device.local.set(old, local("a"));
    device.remote.set(old, remote("a", true));
    device.look([fresh, local("a.new", { parent })]);
    device.remote.set(fresh, remote("a.new", false, parent));
    device.nowMs += ageMs;
    device.look([old, undefined]);
    assert.deepEqual(device.look([fresh, local("a")]), { a: isContinued ? old : fresh });
  }
});

test("a node that is continued, or has returned to a name, vacates no other name", () => {
  const device = new Device();
  const [second, third] = ["second" as NodeId, "third" as NodeId];
  device.local.set(old, local("a"));
  device.remote.set(old, remote("a", false));
  device.look([old, local("a.bak")]);
  device.look([old, local("a.bak.bak")]);
  device.look([old, undefined]);
  assert.deepEqual(device.look([fresh, local("a")]), { a: old });
  device.look([old, undefined]);
  assert.deepEqual(device.look([second, local("a.bak")]), { "a.bak": second });
  device.look([second, undefined], [old, local("a")]);
  assert.deepEqual(device.look([second, local("a.bak")], [third, local("a.bak.bak")]), {
    a: old,
    "a.bak": second,
    "a.bak.bak": third,
  });
});

test("only the last of very many vacated names are remembered", () => {
  const device = new Device();
  const ids = Array.from({ length: vacatedMax + 1 }, (_, index) => `n${index}` as NodeId);
  for (const id of ids) {
    device.local.set(id, local(id));
    device.remote.set(id, remote(id, true));
  }
  device.look(...ids.map((id) => [id, undefined] as const));
  const last = ids.at(-1) ?? old;
  assert.deepEqual(device.look([fresh, local("n0")], [old, local(last)]), { n0: fresh, [last]: last });
});
