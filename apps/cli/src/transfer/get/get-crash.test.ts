import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import { encodeBlocks, findCuts } from "@holdfast/codec/cut-task";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import { crashEveryCall, findUnmissedSyncs } from "@holdfast/disk/crash-every-call";
import type { CrashScenario } from "@holdfast/disk/crash-every-call";
import { failEveryCall } from "@holdfast/disk/fail-every-call";
import { isNotFound } from "@holdfast/disk/disk-error";
import type { Disk, DiskFile } from "@holdfast/disk/disk";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { encodeFrame } from "@holdfast/protocol/frames";
import type { NodeJson } from "@holdfast/protocol/values";
import { isLongTier } from "@holdfast/tools/tiers";
import { Output } from "../../output/output.ts";
import type { TransferPool } from "../transfer-pool.ts";
import { TransferReport } from "../transfer-report.ts";
import { fetchWindowBytes } from "./fetch-plain.ts";
import { blockSource } from "./block-source.ts";
import { TreeGet } from "./get-tree.ts";
import type { LocalChanges } from "./local-changes.ts";
import type { LocalDisk } from "./local-disk.ts";
import { syncEveryBytesUsual } from "./large-file.ts";
import { LocalFolders } from "./local-folders.ts";
import { LocalRoom } from "./local-room.ts";
import { openWindow } from "./open-window.ts";
import { plainBlocks } from "./write-files-task.ts";
import { unheldTarget } from "./target-folder.ts";
import { writeFiles } from "./write-files.ts";
import type { FileToWrite, KnownFolder } from "./write-files.ts";
import { Writable } from "node:stream";

const seed = 20_260_102;
const modified_at = "2001-02-03T04:05:06.123457Z";
const oldBytes = Buffer.alloc(6000, "o");

/** A new file, a replaced file, one in a new folder, and one without listed blocks, like a large file. */
const wanted = {
  "new.txt": Buffer.alloc(5000, "n"),
  "replaced.txt": Buffer.alloc(9000, "r"),
  "folder/inner.txt": Buffer.from("inner"),
  "folder/large.bin": Buffer.alloc(40_000, "l"),
};
const root = node({ id: "root", kind: "folder", name: "tree", parent_id: "top" });
const nodes: NodeJson[] = [
  node({ id: "folder", kind: "folder", name: "folder", parent_id: "root" }),
  file("new.txt", "root"),
  file("replaced.txt", "root"),
  file("folder/inner.txt", "folder"),
  file("folder/large.bin", "folder"),
  node({ id: "link", kind: "symlink", name: "link", parent_id: "root", target: "new.txt" }),
];

interface Notes {
  runs: number;
  acknowledged: boolean;
  readonly syncEveryBytes: number;
}

const scenario: CrashScenario<Notes> = {
  makeNotes: () => ({ runs: 0, acknowledged: false, syncEveryBytes: syncEveryBytesUsual }),
  async prepare(disk) {
    await disk.mkdir("/home");
    await disk.mkdir("/home/tree");
    const old = await disk.createFile("/home/tree/replaced.txt", { mode: 0o640 });
    await old.write(oldBytes);
    await old.close();
  },
  async work(disk, notes) {
    notes.runs += 1;
    const { problems } = await getTree(disk, notes.runs, notes.syncEveryBytes);
    // A listed problem counts as an error, and the command ends with it.
    notes.acknowledged = problems.length === 0;
  },
  async check(disk, { acknowledged }) {
    for (const [name, bytes] of Object.entries(wanted)) await checkFile(disk, name, bytes, acknowledged);
    const target = await orUndefined(disk.readLink("/home/tree/link"));
    assert.ok(target === "new.txt" || (target === undefined && !acknowledged), `the link leads to ${target}`);
  },
};

async function checkFile(disk: Disk, name: string, bytes: Buffer, acknowledged: boolean): Promise<void> {
  const path = `/home/tree/${name}`;
  const seen = await orUndefined(disk.readFile(path));
  const isNew = seen !== undefined && bytes.equals(seen);
  const isOld = name === "replaced.txt" ? seen !== undefined && oldBytes.equals(seen) : seen === undefined;
  assert.ok(isNew || (isOld && !acknowledged), `${name} is torn or lost`);
  if (!isNew) return;
  const { mode, mtimeMicros } = await disk.stat(path);
  assert.equal(mtimeMicros, 981_173_106_123_457n, `${name} lost its time`);
  assert.equal(mode, name === "replaced.txt" ? 0o640 : 0o666, `${name} has mode ${mode.toString(8)}`);
}

test("files of get are old or new, and complete, after any power loss, and stay once get is done", async () => {
  const calls = await crashEveryCall(scenario, { seed, randomOutcomes: isLongTier ? 4 : 1 });
  assert.ok(calls > 30, `${calls} calls`);
});

test("with any failing call, a get without reported problems is durable, and the next one fetches the rest", async () => {
  const again: CrashScenario<Notes> = {
    ...scenario,
    async work(disk, notes) {
      await scenario.work(disk, notes);
      if (notes.runs > 1) assert.ok(notes.acknowledged, "the second run found nothing wrong any more");
    },
  };
  const calls = await failEveryCall(again, { seed });
  assert.ok(calls > 30, `${calls} calls`);
});

test("a large file made durable while it is written survives likewise", async () => {
  const early: CrashScenario<Notes> = {
    ...scenario,
    makeNotes: () => ({ ...scenario.makeNotes(), syncEveryBytes: 1 }),
  };
  const usualCalls = await failEveryCall(scenario, { seed, randomOutcomes: 0 });
  assert.ok((await failEveryCall(early, { seed })) > usualCalls, "an early sync is among its calls");
  assert.ok((await crashEveryCall(early, { seed, randomOutcomes: isLongTier ? 2 : 0 })) > 30);
});

test("each sync call of get is necessary", async () => {
  assert.deepEqual(await findUnmissedSyncs(scenario, { seed, randomOutcomes: 1 }), []);
});

test("a get that finds everything there changes nothing", async () => {
  const disk = new SimulatedDisk();
  await scenario.prepare?.(disk);
  await getTree(disk, 1);
  const report = await getTree(disk, 2);
  assert.deepEqual([report.filesSent, report.filesEqual, report.linksMade], [0, 4, 0]);
});

test("a folder replaced by a link is not written through", async () => {
  const disk = new SimulatedDisk();
  await scenario.prepare?.(disk);
  await disk.mkdir("/elsewhere");
  await disk.symlink("/elsewhere", "/home/tree/folder");
  const report = await getTree(disk, 1);
  assert.deepEqual(
    report.problems.map(({ path, code }) => [path, code]),
    [["/home/tree/folder", "conflict"]],
  );
  for await (const entry of disk.list("/elsewhere")) assert.fail(`${entry.name} was written elsewhere`);
});

test("a disk that fills while a large file is written keeps no part of it", async () => {
  const refused: string[] = [];
  const disk = new SimulatedDisk({
    onCall({ name, path }) {
      if (name !== "datasync" || !path.includes("large.bin")) return undefined;
      refused.push(path);
      return "ENOSPC";
    },
  });
  await scenario.prepare?.(disk);
  await assert.rejects(getTree(disk, 1, 1), { code: "store_full" });
  assert.match(refused[0] ?? "", /^\/home\/tree\/folder\/\.holdfast-part-/);
  for await (const { name } of disk.list("/home/tree/folder")) assert.doesNotMatch(name, /^\.holdfast-part-|^large/);
});

async function getTree(
  disk: Disk,
  run: number,
  syncEveryBytes = syncEveryBytesUsual,
  changes = untouched,
): Promise<TransferReport> {
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const report = new TransferReport(new Output({ quiet: true }, sink, sink), "received");
  const written = new Map<string, DiskFile>();
  const own: Pick<LocalDisk, "setAttributes" | "hasWriters" | "createFile" | "makeLike"> = {
    setAttributes: () => Promise.resolve(),
    hasWriters: () => Promise.resolve(false),
    createFile: async (path, options) => {
      const made = await disk.createFile(path, options);
      written.set(path, made);
      return made;
    },
    makeLike: async (path, _model, mode) => written.get(path)?.setMode(mode),
  };
  const local: LocalDisk = Object.assign(Object.create(disk) as Disk, own);
  const bound = new Proxy(local, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in own ? target : disk, name);
      return typeof value === "function" ? value.bind(disk) : value;
    },
  });
  const folders = new LocalFolders(bound, false);
  const work = {
    client: fakeServer,
    source: blockSource(fakeServer),
    pool: inProcess(bound),
    disk: bound,
    largeDisk: bound,
    windows,
    folders,
    target: unheldTarget,
    room: new LocalRoom("/home", report, () => undefined),
    report,
    changes,
    runId: run.toString(16).padStart(8, "0"),
    syncEveryBytes,
  };
  const tree = new TreeGet(work);
  try {
    const { folder } = await folders.enter("/home", undefined);
    await tree.takeRoot(root, folder, "tree");
    for (const each of nodes) await tree.take(each);
    await tree.finish();
  } finally {
    await tree.settle();
  }
  return report;
}

const untouched: LocalChanges = {
  overwrites: false,
  assertUnchanged: () => Promise.resolve(),
  fetched: () => {},
  isOnServer: () => Promise.resolve(false),
};

const blocks = new Map<string, Buffer>();
for (const bytes of Object.values(wanted)) for (const each of cut(bytes)) blocks.set(each.hash, each.bytes);

interface FetchRequest {
  readonly body: { readonly items: { readonly hashes: HashHex[] }[] };
}

const windows = new SharedWindows(fetchWindowBytes, 2);
const fakeServer = {
  bytesUntilBreak: (_name: string, request: FetchRequest, targetOf: (status: number) => Uint8Array) => {
    const body = Buffer.concat(framesFor(request));
    targetOf(200).set(body);
    return Promise.resolve({ status: 200, bytes: body.length, failure: undefined });
  },
  call: () =>
    Promise.resolve({
      blocks: cut(wanted["folder/large.bin"]).map(({ hash, bytes }) => ({ hash, size: bytes.length })),
    }),
} as unknown as ApiClient;

function framesFor({ body }: FetchRequest): Uint8Array[] {
  const hashes = body.items.flatMap((item) => item.hashes);
  return hashes.flatMap((hash) => {
    const payload = Uint8Array.from(blocks.get(hash) ?? Buffer.alloc(0));
    return encodeFrame({ kind: "raw", hash, size: payload.length, payload });
  });
}

/** Runs thread tasks in this process, because a simulated disk has no waits. */
function inProcess(disk: LocalDisk): TransferPool {
  const tasks: Record<string, (input: never) => unknown> = {
    writeFilesTask: ({
      files,
      folders,
      ...body
    }: {
      files: FileToWrite[];
      folders: KnownFolder[];
      window: SharedArrayBuffer;
      bodyBytes: number;
    }) => writeFiles(disk, files, folders, plainBlocks(body)),
    async readFilesTask({ files }: { files: { path: string }[] }) {
      const contents = await Promise.all(files.map(({ path }) => disk.readFile(path)));
      return { outcomes: contents.map((bytes) => ({ status: "read", contentId: idOf(Buffer.from(bytes)) })) };
    },
    openWindowTask: openWindow,
    findCutsTask: findCuts,
    encodeBlocksTask: encodeBlocks,
  };
  const run = async (name: string, input: never): Promise<unknown> => tasks[name]?.(input);
  return { threads: 1, run, close: () => Promise.resolve() } as unknown as TransferPool;
}

function cut(bytes: Buffer): { hash: HashHex; bytes: Buffer }[] {
  const copy = Uint8Array.from(bytes);
  return findCuts({ buffer: copy.buffer, byteLength: bytes.length, final: true }).cuts.map(({ start, end }) => {
    const piece = bytes.subarray(start, end);
    return { hash: sha256(piece), bytes: piece };
  });
}

function idOf(bytes: Buffer): string {
  return contentIdOf(cut(bytes).map((each) => ({ hash: each.hash, size: each.bytes.length })));
}

function file(path: keyof typeof wanted, parent_id: string): NodeJson {
  const bytes = wanted[path];
  const list = cut(bytes).map((each) => ({ hash: each.hash, size: each.bytes.length }));
  const inline = path === "folder/large.bin" ? {} : { blocks: list };
  const name = path.split("/").at(-1) ?? path;
  const size = bytes.length;
  return {
    ...node({ id: name, kind: "file", name, parent_id, size, content_id: idOf(bytes), version_id: `version-${name}` }),
    ...inline,
  };
}

function node(fields: Partial<NodeJson>): NodeJson {
  return { size: 0, version_id: null, content_id: null, modified_at, executable: false, ...fields } as NodeJson;
}

async function orUndefined<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if (isNotFound(thrown)) return undefined;
    throw thrown;
  }
}
