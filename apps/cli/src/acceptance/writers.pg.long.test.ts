import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "@holdfast/server/acceptance/testing";
import { Pair } from "./scene.ts";

const mib = 1024 * 1024;
/** HOLDFAST_LONG=1 selects the sizes and counts of the long form. */
const isLong = process.env["HOLDFAST_LONG"] === "1";
/** A file that grows repeatedly, or was truncated, waits up to 30 s before it is sent. */
const restlessTimeoutMs = 180_000;

describe("Programs that write", () => {
  let pair: Pair;
  before(async () => {
    pair = await Pair.open("writers");
  });
  after(() => pair.close());

  test("a growing file is finally equal on both devices, without a conflicted copy", async () => {
    const scene = await pair.scene({ "log.txt": "" });
    const file = openSync(scene.anna.at("log.txt"), "a");
    for (let line = 0; line < 60; line += 1) {
      writeSync(file, `line ${line}\n`.repeat(100));
      await delay(50);
    }
    closeSync(file);
    const sight = await scene.rest(restlessTimeoutMs);
    assert.deepEqual(Object.keys(sight), ["log.txt"]);
    assert.equal(sight["log.txt"]!.split("\n").length, 6001);
  });

  test("when a large file is replaced during its upload, the other device gets only the last one", async () => {
    const scene = await pair.scene();
    const { cable } = pair.anna;
    const begun = cable.carried.up;
    // Slow enough to catch the middle of a transfer.
    cable.slowDown(12 * mib);
    writeFileSync(scene.anna.at("large"), randomBytes(24 * mib));
    await eventually("it is being uploaded", 60_000, () => cable.carried.up - begun > 4 * mib || undefined);
    const last = randomBytes(24 * mib);
    writeFileSync(scene.anna.at("large.new"), last);
    renameSync(scene.anna.at("large.new"), scene.anna.at("large"));
    cable.mend();
    await pair.home.rest();
    assert.equal(statSync(scene.bert.at("large")).size, last.length);
    assert.deepEqual(Object.keys(scene.bert.sight()), ["large"]);
  });

  test("rapid edits of one file end with the last on both devices, without a conflicted copy", async () => {
    const scene = await pair.scene({ "note.txt": "0" });
    const [edits, gapMs] = isLong ? [1000, 60] : [100, 20];
    for (let edit = 1; edit <= edits; edit += 1) {
      // Like editors, alternates between renaming a new file over the old one, and truncating and writing.
      if (edit % 2 === 0) scene.anna.make({ "note.txt": `edit ${edit}` });
      else {
        scene.anna.make({ ".note.txt.swp": `edit ${edit}` });
        scene.anna.move(".note.txt.swp", "note.txt");
      }
      await delay(gapMs);
    }
    assert.deepEqual(await scene.rest(restlessTimeoutMs), { "note.txt": `edit ${edits}` });
  });

  test("a file saved in steps with pauses keeps its node and its versions", async () => {
    const scene = await pair.scene({ "thesis.odt": "first", "notes.txt": "first" });
    const idOf = async (name: string): Promise<string> => {
      const path = encodeURIComponent(`/${scene.folder}/${name}`);
      return (await pair.home.api.call("GET", `/metadata?path=${path}`)).body.id;
    };
    const ids = await Promise.all(["thesis.odt", "notes.txt"].map(idOf));
    for (const [at, pauseMs] of [200, 1200, 4000].entries()) {
      scene.anna.move("thesis.odt", "thesis.bak");
      await delay(pauseMs);
      scene.anna.make({ "thesis.odt": `second ${at}` });
      await delay(pauseMs);
      scene.anna.remove("thesis.bak");
      scene.anna.remove("notes.txt");
      await delay(pauseMs);
      scene.anna.make({ "notes.txt": `second ${at}` });
      assert.deepEqual(await scene.rest(), { "notes.txt": `second ${at}`, "thesis.odt": `second ${at}` });
    }
    scene.anna.move("thesis.odt", "thesis.odt~");
    await eventually("it is deleted elsewhere", 30_000, () => !scene.bert.has("thesis.odt") || undefined);
    const { problems } = (await pair.anna.status()) ?? {};
    assert.ok(
      problems?.some(({ code }: { code: string }) => code === "now_hidden"),
      JSON.stringify(problems),
    );
    scene.anna.move("thesis.odt~", "thesis.odt");
    assert.equal((await scene.rest())["thesis.odt"], "second 2");
    assert.deepEqual(await Promise.all(["thesis.odt", "notes.txt"].map(idOf)), ids);
    for (const id of ids) {
      const { body } = await pair.home.api.call("GET", `/files/${id}/versions`);
      assert.equal(body.items.length, 4);
    }
  });

  test("two users whose programs keep writing to one file have at most one copy each, and the last content of both", async () => {
    const scene = await pair.scene({ "shared.txt": "both" });
    for (let round = 0; round < 60; round += 1) {
      scene.anna.make({ "shared.txt": `anna ${round}` });
      await delay(250);
      scene.bert.make({ "shared.txt": `bert ${round}` });
      await delay(250);
    }
    const sight = await scene.rest(restlessTimeoutMs);
    assert.ok(Object.keys(sight).length <= 3, Object.keys(sight).join(", "));
    for (const last of ["anna 59", "bert 59"]) assert.ok(Object.values(sight).includes(last), JSON.stringify(sight));
  });

  test("empty files and folders are synced, and distinguished only by name", async () => {
    const scene = await pair.scene({ one: "", two: "", folder: null, "folder/three": "" });
    assert.deepEqual(scene.bert.sight(), { folder: null, "folder/three": "", one: "", two: "" });
    scene.bert.make({ one: "not empty" });
    scene.anna.make({ "folder/three": "not empty" });
    assert.deepEqual(await scene.rest(), { folder: null, "folder/three": "not empty", one: "not empty", two: "" });
    scene.anna.make({ one: "" });
    assert.equal((await scene.rest())["one"], "");
  });

  test("a sparse file is synced completely, also after an edit in its middle", async () => {
    const sizeBytes = isLong ? 5 * 1024 * mib : 64 * mib;
    const scene = await pair.scene();
    const file = openSync(scene.anna.at("sparse"), "w");
    ftruncateSync(file, sizeBytes);
    writeSync(file, "end", sizeBytes - 3);
    closeSync(file);
    await arrives(scene.bert.at("sparse"), sizeBytes, "end", sizeBytes - 3);
    const again = openSync(scene.anna.at("sparse"), "r+");
    writeSync(again, "middle", sizeBytes / 2);
    closeSync(again);
    await arrives(scene.bert.at("sparse"), sizeBytes, "middle", sizeBytes / 2);
    scene.anna.remove("sparse");
    // A replaced file is read once more before it is removed.
    if (isLong) await pair.home.rest(300_000);
    assert.deepEqual(await scene.rest(), {});
  });

  test("hard links become separate files, and an edit through one name is synced under both", async () => {
    const scene = await pair.scene({ one: "1" });
    linkSync(scene.anna.at("one"), scene.anna.at("two"));
    assert.deepEqual(await scene.rest(), { one: "1", two: "1" });
    const file = openSync(scene.anna.at("one"), "r+");
    writeSync(file, "edited");
    closeSync(file);
    assert.deepEqual(await scene.rest(), { one: "edited", two: "edited" });
    scene.bert.make({ two: "by bert" });
    const sight = await scene.rest();
    assert.equal(sight["two"], "by bert");
    assert.ok(!Object.keys(sight).some((path) => path.includes("conflict")), JSON.stringify(sight));
  });

  test("an edit that keeps size and time is synced", async () => {
    const scene = await pair.scene({ same: "aaaa" });
    const { atime, mtime } = statSync(scene.anna.at("same"));
    scene.anna.make({ same: "bbbb" });
    utimesSync(scene.anna.at("same"), atime, mtime);
    assert.deepEqual(await scene.rest(), { same: "bbbb" });
    assert.equal(scene.bert.read("same"), "bbbb");
  });

  test("files with very old and future times keep them, and one with an unrepresentable time is synced", async () => {
    const scene = await pair.scene({ old: "1", ahead: "2", beyond: "" });
    const times = { old: new Date("1971-02-03T04:05:06Z"), ahead: new Date("2099-01-01T00:00:00Z") };
    scene.anna.make({ old: "3", ahead: "4", beyond: "5" });
    const beyond = new Date("2400-01-01T00:00:00Z");
    utimesSync(scene.anna.at("beyond"), beyond, beyond);
    for (const [name, time] of Object.entries(times)) utimesSync(scene.anna.at(name), time, time);
    assert.deepEqual(await scene.rest(), { ahead: "4", beyond: "5", old: "3" });
    for (const [name, time] of Object.entries(times)) assert.deepEqual(statSync(scene.bert.at(name)).mtime, time);
  });

  test("the executable bit is synced in both directions, and touching a file changes nothing", async () => {
    const scene = await pair.scene({ script: "#!/bin/sh\n" });
    scene.anna.chmod("script", 0o755);
    await scene.rest();
    assert.equal(statSync(scene.bert.at("script")).mode & 0o100, 0o100);
    scene.bert.chmod("script", 0o644);
    await scene.rest();
    assert.equal(statSync(scene.anna.at("script")).mode & 0o100, 0);
    const head = await pair.home.journal();
    utimesSync(scene.anna.at("script"), new Date(), new Date());
    scene.anna.make({ marker: "" });
    await scene.rest();
    assert.notEqual(await pair.home.journal(), head);
    const versions = await pair.home.api.call(
      "GET",
      `/files/${await pair.home.api.idOf(`/${scene.folder}/script`)}/versions`,
    );
    assert.equal(versions.body.items.length, 1);
  });

  async function arrives(path: string, sizeBytes: number, text: string, at: number): Promise<void> {
    const { openSync: open, readSync } = await import("node:fs");
    await eventually(`${path} arrives`, isLong ? 900_000 : 120_000, () => {
      if (statSync(path, { throwIfNoEntry: false })?.size !== sizeBytes) return undefined;
      const file = open(path, "r");
      const bytes = Buffer.alloc(text.length);
      readSync(file, bytes, 0, bytes.length, at);
      closeSync(file);
      return bytes.toString() === text ? true : undefined;
    });
  }
});
