import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

/** `HOLDFAST_RANSOM_FILES=10000` runs the long form. */
const filesCount = Number(process.env["HOLDFAST_RANSOM_FILES"] ?? "1000");
const timeoutMs = 120_000 + filesCount * 60;

let home: Home;
let anna: Device;
let bert: Device;
before(async () => {
  // The brake is off, because the test is about the rewind.
  home = await Home.open("ransom", { env: { HOLDFAST_DEVICE_BRAKE: "off" } });
  [anna, bert] = (await home.startDevices("anna", "bert")) as [Device, Device];
});
after(() => home.close());

test(`one command restores ${filesCount} files that a program encrypted, on both devices`, async (t) => {
  const drive = join(anna.folder, "work");
  for (let index = 0; index < filesCount; index += 1) make(drive, index);
  await home.rest(timeoutMs);
  const whole = digests(anna.folder);
  assert.equal(whole.size, filesCount);
  assert.deepEqual(digests(bert.folder), whole);
  const moment = new Date().toISOString();

  takeHostage(drive);
  await home.rest(timeoutMs);
  const taken = digests(bert.folder);
  assert.ok([...taken.keys()].filter((path) => path.endsWith(".locked")).length === filesCount);

  const dry = JSON.parse((await anna.run(["rewind", "/work", "--to", moment, "--dry-run", "--json"])).stdout);
  const startedMs = performance.now();
  const done = await anna.run(["rewind", "/work", "--to", moment, "--json"]);
  const rewoundMs = performance.now() - startedMs;
  assert.equal(done.code, 0, done.stderr);
  const { rewind_id: id, ...answer } = JSON.parse(done.stdout);
  assert.deepEqual(answer, dry);
  assert.equal(answer.left, 0);
  assert.equal(answer.restored + answer.reverted, filesCount);
  await home.rest(timeoutMs);
  const restMs = performance.now() - startedMs;
  t.diagnostic(
    `${filesCount} files: ${Math.round(rewoundMs)} ms until the command ended, ${Math.round(restMs)} ms until both disks were whole`,
  );
  assert.deepEqual(digests(anna.folder), whole);
  assert.deepEqual(digests(bert.folder), whole);

  assert.equal((await anna.run(["rewind", "undo", id])).code, 0);
  await home.rest(timeoutMs);
  assert.deepEqual(digests(anna.folder), taken);
  assert.deepEqual(digests(bert.folder), taken);
});

function make(drive: string, index: number): void {
  const folder = join(drive, `project ${index % 17}`, index % 3 === 0 ? "src" : `docs ${index % 5}`);
  mkdirSync(folder, { recursive: true });
  const words = Array.from({ length: 40 }, (_, line) => `export const value${line} = ${index * line};`).join("\n");
  const [extension, content] = (
    [
      ["ts", words],
      ["json", JSON.stringify({ index, words: words.split("\n") }, null, 2)],
      ["docx", deflateRawSync(Buffer.concat([Buffer.from(words), randomBytes(4096)]))],
    ] as const
  )[index % 3]!;
  writeFileSync(join(folder, `file ${index}.${extension}`), content);
}

function takeHostage(drive: string): void {
  const key = randomBytes(32);
  for (const [index, path] of filesBelow(drive).entries()) {
    const cipher = createCipheriv("aes-256-ctr", key, randomBytes(16));
    const locked = Buffer.concat([cipher.update(readFileSync(path)), cipher.final()]);
    if (index % 2 === 0) {
      writeFileSync(path, locked);
      renameSync(path, `${path}.locked`);
    } else {
      writeFileSync(`${path}.locked`, locked);
      rmSync(path);
    }
  }
  writeFileSync(join(dirname(drive), "READ ME"), "pay");
}

function digests(folder: string): Map<string, string> {
  const files = filesBelow(folder).filter((path) => path.startsWith(join(folder, "work")));
  return new Map(
    files.map((path) => [path.slice(folder.length), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])).toSorted();
}
