import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { useTwoPeople } from "../../commands/testing-signed-in.ts";

describe("put into shared items without a mount", () => {
  const people = useTwoPeople("put-places");
  const { owner, guest, ann, done, folder } = people;
  const [file, tree] = [join(folder, "file"), join(folder, "tree")];
  const ids = new Map<string, string>();
  const idOf = (name: string) => ids.get(name) ?? "";

  before(async () => {
    writeFileSync(file, "content");
    mkdirSync(tree);
    writeFileSync(join(tree, "a"), "a");
    await done(owner, ["mkdir", "/team", "/box", "/seen"]);
    await done(owner, ["put", "-", "/single"], "first");
    for (const [name, role] of [
      ["team", "editor"],
      ["box", "uploader"],
      ["seen", "viewer"],
      ["single", "editor"],
    ] as const) {
      await done(owner, ["share", `/${name}`, "--with", ann.email, "--role", role]);
    }
    await eventually("the shares are listed", 60_000, async () => {
      const { items } = JSON.parse(await done(guest, ["shared", "--json"]));
      for (const { node } of items) ids.set(node.name, node.id);
      return ids.size === 4 ? true : undefined;
    });
  });

  const namesOf = async (path: string) => (await done(owner, ["ls", "-R", path])).split("\n").filter(Boolean);
  const ownNames = async () => (await done(guest, ["ls", "-R", "/"])).split("\n").filter(Boolean);

  test("a path below an ID is in the folder with that ID", async () => {
    const team = idOf("team");
    await done(guest, ["put", "-", `${team}/stream`], "of a stream");
    await done(guest, ["put", file, `${team.toUpperCase()}/in capitals`]);
    await done(guest, ["put", "--from-command", `${team}/output`, "--", "echo", "of a command"]);
    await done(guest, ["put", file, `${team}/renamed`]);
    await done(guest, ["put", file, `${team}/new/folder/`]);
    await done(guest, ["put", tree, `${team}//tree`]);
    const dry = await done(guest, ["put", tree, `${team}/other`, "--dry-run"]);
    assert.match(dry, new RegExp(`^mkdir ${team}/other\nsend ${team}/other/a \\(1 B\\)\n`));
    const paths = [
      "in capitals",
      "new/",
      "new/folder/",
      "new/folder/file",
      "output",
      "renamed",
      "stream",
      "tree/",
      "tree/a",
    ];
    assert.deepEqual(await namesOf("/team"), paths);
    assert.equal(await done(owner, ["cat", "/team/stream"]), "of a stream");
    await done(guest, ["put", file, `${idOf("box")}/dropped`]);
    await done(guest, ["put", "-", `${idOf("box")}/piped`], "of a stream");
    assert.deepEqual(await namesOf("/box"), ["dropped", "piped"]);
    assert.deepEqual(await ownNames(), []);
  });

  test("a path below an ID that is no folder is rejected, and named as given", async () => {
    const [team, single, seen] = [idOf("team"), idOf("single"), idOf("seen")];
    await done(guest, ["put", "-", `${team}/taken`], "first");
    for (const [args, code, message] of [
      [["put", file, `${single}/below`], 5, `${single} is a file on the server, not a folder.`],
      [["put", file, `${single}/`], 5, `${single} is a file on the server, not a folder.`],
      [["put", file, `${team}/taken/below/it`], 5, `${team}/taken is a file on the server, not a folder.`],
      [["put", file, `${seen}/new`], 3, `${file}: You are a viewer of seen, and viewers cannot upload.`],
      [["put", "-", team], 2, `${team} is a folder. Name the file to store in it: ${team}/NAME.`],
      [["put", file, `${"0".repeat(8)}${team.slice(8)}/new`], 4, ""],
      [["put", file, `${team}/../new`], 2, ""],
    ] as const) {
      const { code: exitCode, stderr } = await guest(args, "x");
      assert.equal(exitCode, code, `${args.join(" ")}: ${stderr}`);
      if (message !== "") assert.equal(stderr, `holdfast: ${message}\n`);
    }
    assert.deepEqual(await ownNames(), []);
  });

  test("a link to a single file accepts a new version if its role is editor, and is otherwise refused before sending", async () => {
    const linkTo = async (role: string) =>
      JSON.parse(await done(owner, ["link", "/linked", "--role", role, "--json"])).url as string;
    await done(owner, ["put", "-", "/linked"], "first");
    const [editor, viewer] = [await linkTo("editor"), await linkTo("viewer")];
    const symlink = join(folder, "symlink");
    symlinkSync("target", symlink);
    assert.match(await done(guest, ["put", file, editor, "--dry-run"]), /^replace linked \(7 B\)\n/);
    assert.equal(await done(owner, ["cat", "/linked"]), "first");
    await done(guest, ["put", file, editor]);
    assert.equal(await done(owner, ["cat", "/linked"]), "content");
    await done(guest, ["put", "-", editor], "of a stream");
    assert.equal(await done(owner, ["cat", "/linked"]), "of a stream");
    const isViewer = "You are a viewer of linked, and viewers cannot upload.";
    for (const [args, code, message] of [
      [[file, viewer], 3, `${file}: ${isViewer}`],
      [[file, viewer, "--dry-run"], 3, `${file}: ${isViewer}`],
      [["-", viewer], 3, isViewer],
      [
        [symlink, editor],
        3,
        `${symlink}: linked is shared with you as a file: only its owner can replace it with a symlink.`,
      ],
      [[file, tree, editor], 5, "linked is a file on the server, not a folder."],
      [[tree, editor], 5, "linked is a file on the server, not a folder."],
    ] as const) {
      const { code: exitCode, stderr } = await guest(["put", ...args], "x");
      assert.deepEqual([exitCode, stderr], [code, `holdfast: ${message}\n`]);
    }
    assert.equal(JSON.parse(await done(owner, ["versions", "/linked", "--json"])).items.length, 3);
    assert.deepEqual(await ownNames(), []);
  });

  test("an address that is no link is rejected, and not used as a path", async () => {
    const address = `${people.server.url}/s/hfl`;
    const names = await ownNames();
    for (const args of [
      ["put", file, address],
      ["put", "-", `${address}/name`],
      ["get", address, join(folder, "got")],
      ["cat", address],
      ["ls", address],
      ["mkdir", "-p", address],
      ["cp", "/own", address],
    ]) {
      const { code, stderr } = await guest(args, "x");
      assert.deepEqual(
        [code, stderr.includes(`${args.find((word) => word.includes("://"))} is not a path`)],
        [2, true],
        stderr,
      );
    }
    assert.deepEqual(await ownNames(), names);
  });

  test("commands that accept only paths create nothing named like an ID, unless it follows a slash", async () => {
    const team = idOf("team");
    await done(guest, ["put", file, "/own"]);
    await done(guest, ["put", file, "/gone"]);
    await done(guest, ["rm", "/gone"]);
    for (const args of [
      ["mkdir", `${team}/made`],
      ["mkdir", "-p", `${team}/made/below`],
      ["mkdir", team],
      ["mv", "/own", team],
      ["mv", "/own", `${team}/`],
      ["cp", "/own", `${team}/copy`],
      ["trash", "restore", "/gone", "--to", team],
      ["mount", "team", "--at", `${team}/here`],
      ["sync", join(folder, "synced"), "--once", "--remote", team],
    ]) {
      const { code, stderr } = await guest(args);
      assert.deepEqual([code, stderr.includes("begins with an ID, and this command needs a path")], [2, true], stderr);
    }
    assert.deepEqual(await ownNames(), ["own"]);
    await done(guest, ["mkdir", `/${team}`]);
    await done(guest, ["mv", "/own", `/${team}`]);
    assert.deepEqual(await ownNames(), [`${team}/`, `${team}/own`]);
    await done(guest, ["put", file, `/${team}/second`]);
    assert.deepEqual(await ownNames(), [`${team}/`, `${team}/own`, `${team}/second`]);
  });
});
