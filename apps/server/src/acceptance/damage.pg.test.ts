import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { encodeFrame, framesContentType } from "@holdfast/protocol/frames";
import type { ScrubReportJson } from "@holdfast/protocol/scrub-routes";
import { sha256 } from "@holdfast/core/hash";
import { isLongTier } from "@holdfast/tools/tiers";
import { assertCommitted, type BatchFile, hashOf, putBatch } from "./batches.ts";
import { findPackFiles, flipByte, type PackLayout, readPackLayout } from "./pack-files.ts";
import {
  administrator,
  Api,
  type ApiAnswer,
  eventually,
  holdfast,
  jobResult,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/**
 * Invariant: damage on the disk is reported by file name and never served. Anybody with the bytes can send them again.
 */
describe("Damage on the disk", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("damage");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function putInOnePack(files: readonly BatchFile[]): Promise<string> {
    const store = join(folder, "data", "store");
    const known = findPackFiles(store);
    assertCommitted(await putBatch(api, files));
    const made = [...findPackFiles(store)].filter(([pack]) => !known.has(pack)).map(([, path]) => path);
    assert.equal(made.length, 1, "the files are not in one pack");
    return made[0]!;
  }

  async function scrub(): Promise<ScrubReportJson> {
    assert.equal((await api.call("POST", "/admin/scrub")).status, 202);
    return eventually("the scrub ends", 60_000, async () => {
      const { body } = await api.call("GET", "/admin/scrub");
      return body.state === "done" ? body : undefined;
    });
  }

  const logLines = () =>
    readFileSync(server.logFile, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));

  test("a flipped byte is reported with its file in the response, log and scrub, and a new upload repairs it", async () => {
    const [whole, broken] = [randomBytes(5000), randomBytes(6000)];
    const pack = await putInOnePack([
      { path: "/whole", blocks: [whole] },
      { path: "/broken", blocks: [broken] },
    ]);
    const { records } = readPackLayout(pack);
    flipByte(pack, records[1]!.start + 100);

    assertDamaged(await api.download("/broken"), "/broken", hashOf(broken));
    assert.deepEqual((await api.download("/whole")).body, whole, "the neighbour in the same pack is not touched");
    const said = logLines().find((line) => line.hash === hashOf(broken));
    assert.match(JSON.stringify(said), /"path":"\/broken"/, "the log does not name the file");

    const report = await scrub();
    const found = report.damaged.find((each) => each.hash === hashOf(broken));
    assert.deepEqual(
      found?.files.map(({ path, owner, version }) => ({ path, owner, version })),
      [{ path: "/broken", owner: administrator.email, version: 1 }],
      JSON.stringify(report.damaged),
    );
    assert.equal(report.damaged.length, 1);

    const config = { HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const signedIn = await holdfast(["login", server.url, "--email", administrator.email, "--password-stdin"], {
      env: config,
      input: `${administrator.password}\n`,
    });
    assert.equal(signedIn.code, 0, signedIn.stderr);
    const result = await holdfast(["admin", "scrub", "--now"], { env: config });
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stdout, new RegExp(hashOf(broken)));
    assert.match(result.stdout, /admin@example\.com: \/broken \(version 1\)/);

    // A damaged block counts as missing, so that clients send it.
    const { body: held } = await api.call("POST", "/blocks/query", { hashes: [hashOf(broken), hashOf(whole)] });
    assert.deepEqual([held.have, held.missing], [[hashOf(whole)], [hashOf(broken)]]);
    const frame = { kind: "raw" as const, hash: sha256(broken), size: broken.length, payload: broken };
    const sent = await api.call("POST", "/blocks", undefined, {
      body: Buffer.concat(encodeFrame(frame)),
      headers: { "content-type": framesContentType },
    });
    assert.equal(sent.status, 200, JSON.stringify(sent.body));
    assert.deepEqual((await api.download("/broken")).body, broken);
    const healed = (await scrub()).damaged.find((each) => each.hash === hashOf(broken));
    assert.deepEqual(healed?.files ?? [], [], "the file is whole again and still named");
  });

  test("an upload of the same file repairs it", async () => {
    const content = randomBytes(7000);
    const pack = await putInOnePack([{ path: "/sent-again", blocks: [content] }]);
    flipByte(pack, readPackLayout(pack).records[0]!.start);
    assertDamaged(await api.download("/sent-again"), "/sent-again", hashOf(content));
    const { status, body } = await api.put("/sent-again", content, "&on_conflict=replace");
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual((await api.download("/sent-again")).body, content);
  });

  test("damage in the middle of a long file cuts the download after correct bytes", async () => {
    const blocks = Array.from({ length: 12 }, () => randomBytes(1_000_000));
    const content = Buffer.concat(blocks);
    assert.equal((await api.call("POST", "/metadata", { path: "/long", kind: "folder" })).status, 201);
    const pack = await putInOnePack([{ path: "/long/file", blocks }]);
    const { records } = readPackLayout(pack);
    flipByte(pack, records[9]!.start + 500_000);
    const answer = await fetch(`${server.url}/api/v1/files/${await api.idOf("/long/file")}/download`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    const { bytes, ended } = await readUntilCut(answer);
    assert.equal(answer.status, 200);
    assert.equal(ended, false, "the download ended as if it were whole");
    assert.ok(bytes.length > 0 && bytes.length <= 9_000_000, `${bytes.length} bytes came`);
    assert.ok(bytes.equals(content.subarray(0, bytes.length)), "wrong bytes came");
    const part = await api.download("/long/file", { range: "bytes=1000000-2999999" });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(content.subarray(1_000_000, 3_000_000)), "a range beside the damage is not right");
    assertDamaged(await api.download("/long/file", { range: "bytes=9000000-" }), "/long/file", hashOf(blocks[9]!));

    const zip = await fetch(`${server.url}/api/v1/files/${await api.idOf("/long")}/download`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    const cut = await readUntilCut(zip);
    assert.ok(zip.status !== 200 || !cut.ended, "a zip with a damaged file ended as if it were whole");
    assert.ok(!cut.bytes.includes(blocks[10]!.subarray(0, 64)), "the zip went on behind the damage");
  });

  const damages: { name: string; damage: (path: string, layout: PackLayout) => void }[] = [
    { name: "cut in the middle", damage: (path, { sizeBytes }) => truncateSync(path, sizeBytes >> 1) },
    { name: "cut by one byte", damage: (path, { sizeBytes }) => truncateSync(path, sizeBytes - 1) },
    { name: "emptied", damage: (path) => truncateSync(path, 0) },
    { name: "deleted", damage: (path) => rmSync(path) },
    ...[
      { name: "the magic", at: 3 },
      { name: "the version", at: 9 },
      { name: "the pack's id", at: 12 },
      { name: "the epoch", at: 29 },
      { name: "the count of records", at: 33 },
      { name: "the count of records, made huge", at: 30 },
      { name: "the length of the footer", at: 37 },
      { name: "the length of the first record", at: 41 },
      { name: "the length of the last record, made huge", at: 46 },
    ].map(({ name, at }) => ({ name: `a byte of ${name}`, damage: (path: string) => flipByte(path, at) })),
    { name: "a byte of the footer", damage: (path, { footerStart }) => flipByte(path, footerStart + 5) },
    { name: "a byte of the footer's seal", damage: (path, { sizeBytes }) => flipByte(path, sizeBytes - 1) },
    { name: "a byte of a block's seal", damage: (path, { footerStart }) => flipByte(path, footerStart - 1) },
  ];

  test("damage in any part of a pack is reported, and no wrong bytes are served", async (t) => {
    const damaged: { name: string; pack: string; path: string; contents: Buffer[] }[] = [];
    for (const [index, { name, damage }] of damages.entries()) {
      // The gate has every second damage.
      if (!isLongTier && index % 2 === 1) continue;
      const contents = [randomBytes(3000), randomBytes(3000), randomBytes(3000)];
      const files = contents.map((content, file) => ({ path: `/damage-${index}-${file}`, blocks: [content] }));
      const path = await putInOnePack(files);
      const layout = readPackLayout(path);
      damage(path, layout);
      const pack = path.slice(path.lastIndexOf("/") + 1);
      damaged.push({ name, pack, path: `/damage-${index}`, contents });
    }
    const readAll = async () => {
      for (const { name, path, contents } of damaged) {
        for (const [file, content] of contents.entries()) {
          const answer = await api.download(`${path}-${file}`);
          if (answer.status === 200) assert.deepEqual(answer.body, content, `${name}: wrong bytes were served`);
          else assertDamaged(answer, `${path}-${file}`, hashOf(content), name);
        }
      }
    };
    await readAll();
    const report = await scrub();
    for (const { name, pack } of damaged) {
      const reasons = [...report.damaged, ...report.repaired]
        .filter((each) => each.pack_id === pack)
        .map((each) => each.reason);
      assert.ok(reasons.length > 0, `${name}: the scrub says nothing`);
      t.diagnostic(`${name}: ${[...new Set(reasons)].join("; ")}`);
    }
    await jobResult(api, "/admin/rebuild-index");
    await readAll();
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    assert.ok(statSync(server.logFile).size > 0);
  });

  test("the server starts with damaged packs and reports the same damage", async () => {
    assert.equal(await server.stop(), 0);
    server = await startServer({ dataFolder: `${folder}/data`, port: server.port });
    api = await Api.signIn(server.url);
    const { status } = await api.download("/damage-0-2");
    assert.equal(status, 500);
    assert.equal((await api.download("/broken")).status, 200);
  });
});

function assertDamaged({ status, body }: ApiAnswer, path: string, hash: string, what = path): void {
  assert.equal(status, 500, `${what}: ${status} ${Buffer.isBuffer(body) ? "and bytes" : JSON.stringify(body)}`);
  assert.equal(body.code, "damaged", what);
  assert.deepEqual([body.hash, body.files], [hash, [path]], what);
}

/** @returns the received data, and true if the answer was complete */
async function readUntilCut(answer: Response): Promise<{ bytes: Buffer; ended: boolean }> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of answer.body!) pieces.push(piece);
    return { bytes: Buffer.concat(pieces), ended: true };
  } catch {
    return { bytes: Buffer.concat(pieces), ended: false };
  }
}
