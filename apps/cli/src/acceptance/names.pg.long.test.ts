import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { Pair, textsOf } from "./scene.ts";

describe("Names", () => {
  let pair: Pair;
  before(async () => {
    pair = await Pair.open("names");
  });
  after(() => pair.close());

  test("a rename that only changes case is synced", async () => {
    const scene = await pair.scene({ "readme.txt": "1", "docs/one": "2" });
    scene.anna.move("readme.txt", "README.txt");
    scene.anna.move("docs", "Docs");
    assert.deepEqual(await scene.rest(), { Docs: null, "Docs/one": "2", "README.txt": "1" });
    assert.deepEqual(scene.bert.sight(), scene.anna.sight());
  });

  test("a rename that only changes the Unicode form is synced", async () => {
    const [composed, decomposed] = ["\u00c4rger.txt", "A\u0308rger.txt"];
    const scene = await pair.scene({ [composed]: "1" });
    scene.anna.move(composed, decomposed);
    await scene.rest();
    assert.deepEqual(scene.bert.sight(), { [decomposed]: "1" });
  });

  test("two names that differ only in Unicode form are both there, one renamed", async () => {
    const [composed, decomposed] = ["\u00d6l", "O\u0308l"];
    const scene = await pair.scene();
    const sight = await scene.apart({
      anna: (place) => place.make({ [composed]: "by anna" }),
      bert: (place) => place.make({ [decomposed]: "by bert" }),
    });
    assert.deepEqual(textsOf(sight), ["by anna", "by bert"]);
    assert.equal(new Set(Object.keys(sight).map((name) => name.normalize("NFC"))).size, 2);
    assert.equal(Object.keys(sight).filter((name) => name.includes(" (Unicode conflict)")).length, 1);
  });

  test("names that differ only in case are two files", async () => {
    const scene = await pair.scene({ "a.txt": "1", "A.txt": "2" });
    assert.deepEqual(scene.bert.sight(), { "A.txt": "2", "a.txt": "1" });
  });

  test("a file 50 levels deep is created, moved with a folder above it, and deleted", async () => {
    const way = Array.from({ length: 50 }, (_, level) => `level ${level}`).join("/");
    const scene = await pair.scene({ [`${way}/deep.txt`]: "deep" });
    assert.equal(scene.bert.read(`${way}/deep.txt`), "deep");
    scene.anna.move("level 0/level 1", "moved");
    await scene.rest();
    assert.equal(scene.bert.read(`${way.replace("level 0/level 1", "moved")}/deep.txt`), "deep");
    scene.bert.remove("moved");
    assert.deepEqual(await scene.rest(), { "level 0": null });
  });

  test("paths longer than 260 characters and names of 255 bytes are synced", async () => {
    const long = "n".repeat(120);
    const scene = await pair.scene({
      [`${long}/${long}/${long}/file`]: "1",
      ["ä".repeat(127)]: "2",
      ["x".repeat(255)]: "3",
    });
    assert.deepEqual(scene.bert.sight(), scene.anna.sight());
    assert.equal(scene.bert.read(`${long}/${long}/${long}/file`), "1");
  });

  test("a conflicted copy of a file with the longest name has a name that fits", async () => {
    const name = `${"ö".repeat(125)}.txt`;
    const scene = await pair.scene({ [name]: "old" });
    const sight = await scene.apart({
      anna: (place) => place.make({ [name]: "by anna" }),
      bert: (place) => place.make({ [name]: "by bert" }),
    });
    assert.deepEqual(textsOf(sight), ["by anna", "by bert"]);
  });

  test("spaces and dots at both ends, emoji, quotes and backslashes are synced unchanged", async () => {
    const names = [
      " leading",
      "trailing ",
      ".hidden",
      "dots...",
      "...",
      "🎉 party 👩‍👩‍👧",
      "a\\b",
      'it\'s "quoted"',
      "-rf",
      "*?<>|",
      "CON",
      "a%2Fb",
    ];
    const scene = await pair.scene(Object.fromEntries(names.map((name, index) => [name, `${index}`])));
    assert.deepEqual(scene.bert.sight(), Object.fromEntries(names.map((name, index) => [name, `${index}`])));
    for (const name of names) scene.bert.remove(name);
    assert.deepEqual(await scene.rest(), {});
  });

  test("a name with a newline or invalid encoding is listed and not synced; the rest is", async () => {
    const scene = await pair.scene({ fine: "1" });
    const unnameable = [Buffer.from("two\nlines"), Buffer.from([0x61, 0xff, 0x62])].map((name) =>
      Buffer.concat([Buffer.from(`${scene.anna.path}/`), name]),
    );
    for (const path of unnameable) writeFileSync(path, "kept");
    scene.anna.make({ "fine too": "2" });
    await eventually("the other file arrives", 60_000, () => scene.bert.has("fine too") || undefined);
    const problems = await eventually("both names are listed", 60_000, async () => {
      const status = await pair.anna.status();
      return status?.problems.length === 2 ? status.problems : undefined;
    });
    for (const { path, message } of problems) assert.ok(path.startsWith(`${scene.folder}/`) && message !== "", path);
    scene.bert.make({ fine: "edited" });
    await eventually("the edit arrives", 60_000, () => scene.anna.read("fine") === "edited" || undefined);
    for (const path of unnameable) assert.equal(readFileSync(path, "utf8"), "kept");
    assert.ok(!existsSync(scene.bert.at("two\nlines")));
    const once = await pair.anna.run(["sync", pair.anna.folder, "--once"]);
    assert.notEqual(once.code, 0, "a second client on one folder is refused");
    for (const path of unnameable) rmSync(path);
    assert.deepEqual(await scene.rest(), { fine: "edited", "fine too": "2" });
  });

  test("symbolic links are synced as links, including dangling ones and those out of the folder", async () => {
    const scene = await pair.scene({ target: "1" });
    for (const [name, target] of [
      ["a", "target"],
      ["b", "nowhere"],
      ["c", "/etc/passwd"],
      ["d", "."],
    ] as const)
      symlinkSync(target, scene.anna.at(name));
    await pair.home.rest();
    assert.deepEqual(
      ["a", "b", "c", "d"].map((name) => readlinkSync(scene.bert.at(name))),
      ["target", "nowhere", "/etc/passwd", "."],
    );
  });
});
