import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  Api,
  makeFolder,
  ok,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { MemoryStore } from "../store/memory-store.ts";
import { nodeEngine, walkFolder } from "../testing-engine.ts";
import type { UploadEngine } from "./upload-engine.ts";

const mib = 1024 * 1024;
const folder = makeFolder("web-upload");
const tree = join(folder, "tree");
let server: ServerProcess;
let api: Api;

before(async () => {
  makeTree();
  mkdirSync(join(folder, "data"));
  server = await spawnServer({ dataFolder: join(folder, "data") });
  api = await Api.signIn(server.url);
});
after(async () => {
  await server.stop();
  removeFolder(folder);
});

test("a tree is stored once and complete, even if the server is killed during the upload", async () => {
  const target = await folderNamed("killed");
  const upload = await begin(target);
  await upload.when(({ counts }) => counts.bytesDurable > 6 * mib);
  await server.kill();
  server = await spawnServer({ dataFolder: join(folder, "data"), port: server.port });
  await upload.when(({ isDone }) => isDone);
  assert.deepEqual(await stored(target), local(tree));
});

test("unchanged files are neither sent nor stored again", async () => {
  const target = await folderNamed("twice");
  const first = await (await begin(target)).when(({ isDone }) => isDone);
  assert.equal(first.notSynced?.count, 4);
  assert.match(first.notSynced.names.join(), /^draft \d~,draft \d~,draft \d~$/);
  const seen = await stored(target);
  const again = await begin(target);
  const job = await again.when(({ isDone }) => isDone);
  assert.equal(job.counts.filesEqual, job.counts.filesTotal);
  assert.equal(job.notSynced.count, 0);
  assert.equal(job.counts.bytesHere, job.counts.bytesTotal);
  assert.deepEqual(await stored(target), seen);
});

test("an upload resumes after a reload when the same items are dropped again", async () => {
  const target = await folderNamed("reloaded");
  const store = new MemoryStore();
  const first = await begin(target, store);
  await first.when(({ counts }) => counts.filesDone > 20);
  first.engine.pause();
  const [record] = await store.jobs();
  assert.ok(record !== undefined);
  const second = watch(store);
  await second.engine.takeUp(record);
  await feed(second.engine, record.id);
  const job = await second.when(({ isDone }) => isDone);
  assert.ok(job.counts.bytesHere > 0, "what came before the reload counts as there");
  assert.deepEqual(await stored(target), local(tree));
  assert.deepEqual(await store.jobs(), []);
});

test("a name clash keeps both files or replaces one, as chosen, and the rest continues", async () => {
  const target = await folderNamed("clashes");
  await ok(api, "POST", "/metadata", { kind: "folder", parent_id: target, name: "tree" });
  for (const name of ["empty", "a.txt"]) await api.put(`/clashes/tree/${name}`, `another ${name}`);
  const upload = await begin(target);
  const job = await upload.when(
    ({ clashes, active, isSettled }) => clashes.size === 2 && active.size === 0 && isSettled,
  );
  assert.equal(job.counts.filesDone, job.counts.filesTotal - 2);
  await upload.engine.answerClash(job.record.id, "tree/empty", "keep");
  await upload.engine.answerClash(job.record.id, "tree/a.txt", "replace");
  await upload.when(({ isDone }) => isDone);
  const all = await stored(target);
  const here = local(tree);
  assert.equal(all.get("tree/empty"), hashOf(Buffer.from("another empty")));
  assert.equal(all.get("tree/empty (2)"), here.get("tree/empty"));
  assert.equal(all.get("tree/a.txt"), here.get("tree/a.txt"));
  assert.equal(all.size, here.size + 1);
});

test("files that are found after their folder was skipped count as skipped", async () => {
  const target = await folderNamed("late");
  await api.put("/late/tree", "a file has the name of the folder");
  const upload = watch(new MemoryStore());
  const jobId = await upload.engine.start({ accountId: "me", folderId: target, name: "tree", handles: [] });
  const entries = [];
  for await (const some of walkFolder(tree)) entries.push(...some);
  await upload.engine.add(jobId, entries.slice(0, 5));
  await upload.when(({ clashes }) => clashes.size === 1);
  await upload.engine.answerClash(jobId, "tree", "skip");
  await upload.engine.add(jobId, entries.slice(5));
  await upload.engine.endWalk(jobId);
  const { counts } = await upload.when(({ isDone }) => isDone);
  const files = entries.filter(({ kind }) => kind === "file").length;
  assert.deepEqual([counts.filesTotal, counts.filesDone, counts.filesSkipped], [files, files, files]);
});

function makeTree(): void {
  mkdirSync(join(tree, "nothing in it", "nor here"), { recursive: true });
  const source = join(import.meta.dirname, "../../../../../packages/core/src");
  cpSync(source, join(tree, "source/core"), { recursive: true });
  mkdirSync(join(tree, "photos 📷"));
  for (let index = 0; index < 6; index += 1) {
    writeFileSync(join(tree, "photos 📷", `IMG_${index}.jpg`), randomBytes(mib + index));
  }
  writeFileSync(join(tree, "film.mov"), randomBytes(12 * mib + 7));
  writeFileSync(join(tree, "empty"), "");
  writeFileSync(join(tree, "a.txt"), "a");
  for (const more of [1, 2, 3, 4]) writeFileSync(join(tree, `draft ${more}~`), `draft ${more}`);
  for (const more of [-1, 0, 1]) writeFileSync(join(tree, `boundary ${more}`), randomBytes(256 * 1024 + more));
  writeFileSync(join(tree, `${"ñ".repeat(120)} 🦊.txt`), "a long name");
}

function local(top: string): Map<string, string> {
  const found = new Map<string, string>([["tree", ""]]);
  for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
    const at = join(top, name);
    found.set(`tree/${name.replaceAll("\\", "/")}`, statSync(at).isDirectory() ? "" : hashOf(readFileSync(at)));
  }
  return sorted(found);
}

async function stored(target: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const names = new Map<string, string>([[target, ""]]);
  let cursor: string | null = null;
  do {
    const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await ok(api, "GET", `/folders/${target}/contents?recursive=true&limit=1000${more}`);
    for (const node of page.items) {
      const parent = names.get(node.parent_id);
      const path = parent === "" ? node.name : `${parent}/${node.name}`;
      names.set(node.id, path);
      if (node.kind === "folder") found.set(path, "");
      else found.set(path, hashOf((await api.call("GET", `/files/${node.id}/download`)).body));
    }
    cursor = page.next_cursor;
  } while (cursor !== null);
  return sorted(found);
}

function sorted(found: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function folderNamed(name: string): Promise<string> {
  return (await ok(api, "POST", "/metadata", { kind: "folder", path: `/${name}` })).id;
}

async function begin(target: string, store = new MemoryStore()) {
  const upload = watch(store);
  const jobId = await upload.engine.start({ accountId: "me", folderId: target, name: "tree", handles: [] });
  void feed(upload.engine, jobId);
  return upload;
}

async function feed(engine: UploadEngine, jobId: string): Promise<void> {
  for await (const entries of walkFolder(tree)) await engine.add(jobId, entries);
  await engine.endWalk(jobId);
}

function watch(store: MemoryStore) {
  const asked = new Set<() => void>();
  const engine = nodeEngine(server.url, api.token ?? "", store, () => {
    for (const look of asked) look();
  });
  const when = (isSo: (job: NonNullable<ReturnType<typeof only>>) => boolean) =>
    new Promise<NonNullable<ReturnType<typeof only>>>((resolve, reject) => {
      const look = (): void => {
        const job = only(engine);
        const said = engine.stopped ?? job?.held ?? [...(job?.problems.values() ?? [])][0]?.problem;
        if (said !== undefined) reject(new Error(`${said.code}: ${said.message}`));
        if (job === undefined || !isSo(job)) return;
        asked.delete(look);
        resolve(job);
      };
      asked.add(look);
      look();
    });
  return { engine, when };
}

function only(engine: UploadEngine) {
  return [...engine.jobs.values()][0];
}
