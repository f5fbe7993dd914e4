import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ShownConfiguration } from "../sync/page/testing-syncs.ts";
import { answering } from "./testing-answer.ts";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Question answered with no", () => {
  const { folder, run, json } = useSignedIn("declined");
  const [config, empty] = [join(folder, "config"), join(folder, "empty")];
  const syncs = new ShownConfiguration();
  after(() => syncs.close());
  let deviceId = "";

  before(async () => {
    const many = join(folder, "many");
    for (const path of [many, empty]) mkdirSync(path);
    for (let index = 0; index < 60; index += 1) writeFileSync(join(many, `${index}`), "");
    for (const args of [
      ["put", many, "/many"],

      ["admin", "users", "add", "ann@example.com", "--password-stdin"],
      ["admin", "users", "add", "bob@example.com", "--password-stdin", "--admin"],
      ["put", many, "/copy"],
      ["get", "/copy", join(folder, "got")],
      ["put", empty, "/copy", "--delete", "--yes"],
    ])
      assert.equal((await run(args, "a sentence of hers\n")).code, 0);
    for (const text of ["one", "two"]) assert.equal((await run(["put", "-", "/file"], text)).code, 0);
    const { items } = await json("devices");
    deviceId = items[0].id;
    const { shown } = await syncs.add("drive");
    shown.deletions = [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }];
  });

  const cases: readonly (readonly [line: string, question: RegExp])[] = [
    ["rm --permanent /file", /Permanently delete \/file\?/],
    ["trash empty", /Permanently delete 60 items \(0 B\) from the trash\?/],
    ["versions prune /file --keep 1", /Delete 1 old version of \/file permanently/],
    ["devices rm DEVICE", /Sign out .*\?/],
    ["devices rm DEVICE --remove-copies", /Sign out .* and delete its copies/],
    ["share / --with ann@example.com", /Share it\?/],
    ["link /", /Share it\?/],
    ["put FOLDER/empty /many --delete", /60 deletions of 60 here and below: continue\?/],
    ["get /copy FOLDER/got --delete", /60 deletions of 60 here and below: continue\?/],
    ["deletes approve", /Approve 1 deletion, for all devices of the account\?/],
    ["deletes undo", /Undo 1 deletion\?/],
    ["admin users rm ann@example.com", /Type the address to continue:/],
    ["admin shred ann@example.com", /Type the address to continue:/],
    ["account delete", /Type the address to continue:/],
  ];

  for (const [line, question] of cases)
    test(`${line} changes nothing and exits with 1`, async () => {
      const args = line.replace("DEVICE", deviceId).replace("FOLDER", folder).split(" ");
      const { code, shown } = await answering(line.startsWith("deletes") ? syncs.folder : config, args, "n");
      assert.match(shown, question);
      assert.match(shown, /holdfast: .*[Nn]othing was (?:changed|deleted|shared|signed out)\./);
      assert.equal(code, 1, shown);
    });

  test("--json prints the refusal as its document", async () => {
    const { shown } = await syncs.add("other");
    shown.deletions = [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }];
    const { code, out } = await answering(syncs.folder, ["deletes", "undo", shown.sync.record.root, "--json"], "n");
    assert.deepEqual(
      [code, JSON.parse(out)],
      [1, { error: { code: "failed", message: "Nothing was changed. They are still waiting." } }],
    );
  });

  test("everything still exists afterwards", async () => {
    assert.equal((await json("ls", "/many")).items.length, 60);
    assert.equal((await json("versions", "/file")).items.length, 2);
    assert.equal((await json("trash", "ls")).items.length, 60);
    assert.equal((await json("link", "ls")).items.length, 0);
    assert.equal((await run(["whoami"])).code, 0);
    assert.match((await run(["admin", "users", "ls"])).stdout, /ann@example\.com/);
  });
});
