import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { bounded } from "@holdfast/tools/bounded";
import { contentOfBlocks } from "../../model/content.ts";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { SyncState } from "../../state/sync-state.ts";
import type { LocalRow } from "../../model/trees.ts";
import { problemsOfRehash, Rehash } from "./rehash.ts";
import { DirtyPathTracker } from "./dirty-path-tracker.ts";

const hourMs = 3600_000;
const weekMs = 7 * 24 * hourMs;
const blockBytes = 1000;
const limits = { everyMs: weekMs, sliceBytes: 400_000, bytesPerSecond: 100_000, atOnceBytes: 50_000 };

interface File {
  readonly blocks: Uint8Array[];
  readonly stat: LocalStat;
  isSick: boolean;
}

class Scene {
  readonly state: SyncState;
  readonly files = new Map<string, File>();
  readonly reads: { readonly path: string; readonly bytes: number; readonly atMs: number }[] = [];
  readonly dirty = new DirtyPathTracker();
  readonly #database = new DatabaseSync(":memory:");
  nowMs = 1_800_000_000_000;
  signal = new AbortController();
  onRead: (path: string) => void = () => undefined;

  constructor(files: Readonly<Record<string, number>>) {
    this.state = new SyncState(this.#database, "root" as NodeId);
    this.dirty.take();
    const rows = Object.entries(files).map(
      ([name, count]) => [`id of ${name}` as NodeId, this.#add(name, count)] as const,
    );
    const synced = rows.map(([id, row]) => {
      return [id, { ...row, place: { parent: row.parent, name: row.name }, versionIds: ["v"] }] as const;
    });
    const remote = rows.map(([id, row]) => {
      const blank = { trashed: false, versionId: "v", revision: "r", seq: 1, modifiedAt: "", operationId: null };
      return [id, { ...row, ...blank, sizeBytes: row.fingerprint.sizeBytes }] as const;
    });
    this.state.commit({ local: rows, remote, synced });
  }

  #add(name: string, count: number): LocalRow {
    const blocks = Array.from({ length: count }, (_, index) => Buffer.alloc(blockBytes, `${name} ${index} `));
    const fingerprint = {
      inode: BigInt(this.files.size + 10),
      sizeBytes: count * blockBytes,
      mtimeNs: 1n,
      ctimeNs: 1n,
      birthNs: 1n,
    };
    this.files.set(name, {
      blocks,
      isSick: false,
      stat: { kind: "file", fingerprint, executable: false, isPrivate: false, links: 1, device: 1n },
    });
    const cut = blocks.map((bytes) => ({ hash: sha256(bytes), size: bytes.length, pieces: undefined }));
    const content = contentOfBlocks(cut);
    this.state.manifests.keep(content, cut);
    return {
      kind: "file",
      parent: "root" as NodeId,
      name,
      content,
      executable: false,
      fingerprint,
      readState: "known",
    };
  }

  make(): Rehash {
    const disk: Pick<LocalDisk, "stat" | "readAt" | "cut"> = {
      stat: async (path) => this.files.get(path)?.stat,
      readAt: async (path, offset, sizeBytes) => {
        const file = this.files.get(path)!;
        if (file.isSick) throw new HoldfastError("unavailable", "EIO");
        this.reads.push({ path, bytes: sizeBytes, atMs: this.nowMs });
        this.onRead(path);
        return Buffer.concat(file.blocks).subarray(offset, offset + sizeBytes);
      },
      cut: () => assert.fail("every block list is known"),
    };
    const { state, dirty } = this;
    const sleep = async (durationMs: number): Promise<void> => void (this.nowMs += durationMs);
    return new Rehash({ state, dirty, disk, limits, nowMs: () => this.nowMs, sleep });
  }

  async hours(rehash: Rehash, count: number): Promise<number> {
    let busy = 0;
    for (let hour = 0; hour < count; hour += 1) {
      const beginMs = this.nowMs;
      rehash.allowSlice();
      const before = this.reads.length;
      const stillInTime = bounded("the slice of an hour comes to its end");
      while (await rehash.run(this.signal.signal)) {
        stillInTime();
        this.dirty.take();
      }
      if (this.reads.length > before) busy += 1;
      this.nowMs = beginMs + hourMs;
    }
    return busy;
  }

  get readBytes(): number {
    return this.reads.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

test("each file is read once a week, at limited speed, and for a limited time after each full scan", async () => {
  const scene = new Scene({ a: 300, b: 1, c: 700 });
  const rehash = scene.make();
  assert.equal(await scene.hours(rehash, 7 * 24), 0, "not in the first week: all was just read");
  const busy = await scene.hours(rehash, 7 * 24 - 1);
  assert.equal(scene.readBytes, 1001 * blockBytes);
  assert.ok(busy >= 3 && busy <= 4, `in ${busy} hours something was read`);
  for (const { atMs } of scene.reads) {
    const inSecond = scene.reads.filter((each) => each.atMs >= atMs && each.atMs < atMs + 1000);
    const bytes = inSecond.reduce((sum, each) => sum + each.bytes, 0);
    assert.ok(bytes <= limits.bytesPerSecond + limits.atOnceBytes, `${bytes} bytes in a second`);
  }
  await scene.hours(rehash, 7 * 24);
  assert.equal(scene.readBytes, 2 * 1001 * blockBytes);
});

test("a client stopped in the middle of a large file continues at that block, with separate state", async () => {
  const scene = new Scene({ a: 100, b: 100 });
  await scene.hours(scene.make(), 7 * 24);
  scene.onRead = () => scene.reads.length === 130 && scene.signal.abort();
  await scene.hours(scene.make(), 1);
  assert.equal(scene.reads.length, 130, "nothing is read once somebody wants to go on");
  scene.signal = new AbortController();
  await scene.hours(scene.make(), 1);
  assert.deepEqual([scene.reads.length, scene.readBytes], [200, 200 * blockBytes]);
});

test("changed bytes with unchanged times are scanned again, and reported until the next pass has ended", async () => {
  const scene = new Scene({ a: 3, b: 3, c: 3 });
  await scene.hours(scene.make(), 7 * 24);
  scene.files.get("b")!.blocks[1]!.fill(0, 10, 20);
  const rehash = scene.make();
  rehash.allowSlice();
  assert.equal(await rehash.run(scene.signal.signal), true);
  assert.deepEqual(scene.dirty.take(), new Set([""]));
  assert.equal(scene.state.local.get("id of b" as NodeId)?.readState, "racy");
  assert.deepEqual(
    problemsOfRehash(scene.state).map(({ path }) => path),
    ["b"],
  );
  // The scan reads the file and accepts its current content.
  assert.equal(await rehash.run(scene.signal.signal), false);
  assert.deepEqual(scene.reads.map(({ path }) => path).join(""), "aaabbccc");
  await scene.hours(rehash, 7 * 24 - 2);
  assert.equal(problemsOfRehash(scene.state).length, 1);
  await scene.hours(rehash, 3);
  assert.equal(problemsOfRehash(scene.state).length, 0);
});

test("an unreadable file is scanned again, and counts as no change", async () => {
  const scene = new Scene({ a: 1, b: 1 });
  await scene.hours(scene.make(), 7 * 24);
  scene.files.get("a")!.isSick = true;
  const rehash = scene.make();
  rehash.allowSlice();
  assert.equal(await rehash.run(scene.signal.signal), true);
  assert.deepEqual([problemsOfRehash(scene.state), scene.dirty.take()], [[], new Set([""])]);
});

test("files that a scan would find, that wait, or that are hidden are skipped", async () => {
  const scene = new Scene({ touched: 1, racy: 1, hidden: 1, quiet: 1 });
  await scene.hours(scene.make(), 7 * 24);
  const touched = scene.files.get("touched")!;
  scene.files.set("touched", {
    ...touched,
    stat: { ...touched.stat, fingerprint: { ...touched.stat.fingerprint, ctimeNs: 2n } },
  });
  const racy = scene.state.local.get("id of racy" as NodeId)!;
  scene.state.commit({
    local: [["id of racy" as NodeId, { ...racy, readState: "racy" }]],
    dormant: [["id of hidden" as NodeId, true]],
  });
  await scene.hours(scene.make(), 1);
  assert.deepEqual(
    scene.reads.map(({ path }) => path),
    ["quiet"],
  );
});

test("a clock that is set back ten years does not delay the next pass by ten years", async () => {
  const scene = new Scene({ a: 1 });
  const rehash = scene.make();
  await scene.hours(rehash, 1);
  scene.nowMs -= 520 * weekMs;
  await scene.hours(rehash, 7 * 24 + 2);
  assert.equal(scene.reads.length, 1);
});
