import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { filesBelow } from "./files-below.ts";
import { assertCommitted, putBatch } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Names that other systems would take for drives, paths and parents, and any other legal names. */
const names = [
  "C:x",
  "a:b",
  String.raw`\abs`,
  String.raw`..\up`,
  String.raw`\\server\share`,
  String.raw`a\..\..\x`,
  String.raw`a\b`,
  String.raw`ends in a backslash\ `.trimEnd(),
  "a%5Cb",
  "a_b",
  "-rf",
  "@list",
  "*",
  "?",
  "...",
  " ",
  "trailing. ",
  "CON",
  "日本 🙂",
  "e\u0301",
  "\u202etxt.exe",
  "~",
  "$HOME",
  "x".repeat(255),
];

const unpackers: Readonly<Record<string, (zip: string) => string[]>> = {
  unzip: (zip) => ["-q", zip],
  "7z": (zip) => ["x", "-y", zip],
  python3: (zip) => ["-m", "zipfile", "-e", zip, "."],
};

/** Invariant: a folder's zip holds every file under its own name, and an incomplete one never looks complete. */
describe("Zip of a folder", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("zip");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function download(path: string): Promise<{ bytes: Buffer; ended: boolean; status: number }> {
    const answer = await fetch(`${server.url}/api/v1/files/${await api.idOf(path)}/download`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    const pieces: Uint8Array[] = [];
    let ended = true;
    try {
      for await (const piece of answer.body ?? []) pieces.push(piece);
    } catch {
      ended = false;
    }
    return { bytes: Buffer.concat(pieces), ended, status: answer.status };
  }

  function unpack(program: string, bytes: Buffer, name: string) {
    const top = join(folder, `${name}-${program}`);
    const target = join(top, "deep/er");
    mkdirSync(target, { recursive: true });
    const zip = join(folder, `${name}-${program}.zip`);
    writeFileSync(zip, bytes);
    const ran = spawnSync(program, unpackers[program]?.(zip) ?? [], { cwd: target, encoding: "utf8", input: "" });
    assert.deepEqual([readdirSync(top), readdirSync(join(top, "deep"))], [["deep"], ["er"]], "something lies outside");
    const found = new Map(filesBelow(target).map((path) => [path.slice(target.length + 1), readFileSync(path)]));
    return { found, status: ran.status, said: ran.stdout + ran.stderr };
  }

  test("keeps private files private", async (t) => {
    if (!requireComponent(t, "unzip")) return;
    await api.call("POST", "/metadata", { path: "/mixed/secret", kind: "folder", parents: true, private: true });
    for (const name of ["key", "run", "open"]) await api.put(`/mixed/${name}`, Buffer.from(name));
    await api.call("PATCH", `/files/${await api.idOf("/mixed/key")}`, { private: true });
    await api.call("PATCH", `/files/${await api.idOf("/mixed/run")}`, { private: true, executable: true });
    unpack("unzip", (await download("/mixed")).bytes, "private");
    const modeOf = (path: string) => statSync(join(folder, "private-unzip/deep/er", path)).mode & 0o777;
    assert.deepEqual(["secret", "key", "run", "open"].map(modeOf), [0o700, 0o600, 0o700, 0o644]);
  });

  test("contains every valid name, and each program unpacks it within its target", async (t) => {
    const put = names.flatMap((name) => [
      { path: `/names/${name}`, blocks: [Buffer.from(`file ${name}`)] },
      { path: `/names/folder/in ${name}`.slice(0, 240), blocks: [Buffer.from(`below ${name}`)] },
    ]);
    await api.call("POST", "/metadata", { path: "/names/folder", kind: "folder", parents: true });
    for (const [index, name] of names.entries()) {
      const made = await api.call("POST", "/metadata", {
        path: `/names/d${index}/${name}`,
        kind: "folder",
        parents: true,
      });
      assert.equal(made.status, 201, name);
      put.push({ path: `/names/d${index}/${name}/file`, blocks: [Buffer.from(`in ${name}`)] });
    }
    assertCommitted(await putBatch(api, put));
    const expected = new Map(put.map(({ path, blocks }) => [path.slice("/names/".length), Buffer.concat(blocks)]));
    const zip = await download("/names");
    assert.deepEqual([zip.status, zip.ended], [200, true]);
    for (const program of Object.keys(unpackers)) {
      if (!requireComponent(t, program)) continue;
      const { found, status, said } = unpack(program, zip.bytes, "names");
      assert.equal(status, 0, `${program}: ${said}`);
      assert.deepEqual([...found.keys()].toSorted(), [...expected.keys()].toSorted(), program);
      for (const [path, content] of expected) assert.ok(found.get(path)?.equals(content), `${program}: ${path}`);
    }
  });

  test("contains all intact files if one is damaged, and the download ends incomplete", async (t) => {
    const store = join(folder, "data", "store");
    const known = new Set(findPackFiles(store).keys());
    const broken = Array.from({ length: 3 }, () => randomBytes(1_000_000));
    await api.call("POST", "/metadata", { path: "/partly", kind: "folder" });
    assertCommitted(await putBatch(api, [{ path: "/partly/broken", blocks: broken }]));
    const made = [...findPackFiles(store)].filter(([pack]) => !known.has(pack)).map(([, path]) => path);
    assert.equal(made.length, 1);
    flipByte(made[0]!, readPackLayout(made[0]!).records[1]!.start + 7);
    const whole = Array.from({ length: 20 }, (_, index) => ({
      path: `/partly/f${index}`,
      blocks: [randomBytes(70_000)],
    }));
    assertCommitted(await putBatch(api, whole));
    const zip = await download("/partly");
    assert.deepEqual([zip.status, zip.ended], [200, false], "it looks whole");
    assert.ok(!zip.bytes.includes(broken[2]!.subarray(0, 64)), "the file goes on behind the damage");
    for (const program of Object.keys(unpackers)) {
      if (!requireComponent(t, program)) continue;
      const { found, status } = unpack(program, zip.bytes, "partly");
      assert.notEqual(status, 0, `${program} takes it for whole`);
      for (const { path, blocks } of whole)
        assert.ok(found.get(path.slice(8))?.equals(blocks[0]!), `${program}: ${path}`);
    }
  });
});
