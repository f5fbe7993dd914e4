import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { administrator, eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { answering } from "./testing-answer.ts";
import { useTwoPeople } from "./testing-signed-in.ts";

describe("holdfast share, unshare, permissions, shared, mount and leave", () => {
  const people = useTwoPeople("sharing-command");
  const { owner, guest, ann, done } = people;

  test("a folder is shared, mounted, used and left", async () => {
    await done(owner, ["mkdir", "/project"]);
    await done(owner, ["put", "-", "/project/plan.txt"], "the plan");
    const said = await done(owner, ["share", "/project", "--with", ann.email, "--role", "editor", "--expires", "30d"]);
    assert.match(said, /shared \/project with ann@example\.com \(editor\)/);
    assert.match(await done(owner, ["permissions", "/project"]), /user +ann@example\.com +editor +until /);
    const again = await owner(["share", "/project", "--with", "Ann@Example.com", "--role", "editor"]);
    assert.match(again.stderr, /^The earlier expiry \(20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ\) no longer applies\.\n$/);
    await eventually("the share is listed", 60_000, async () =>
      /project\//.test(await done(guest, ["shared"])) ? true : undefined,
    );
    assert.match(await done(guest, ["mount", "project", "--at", "/theirs"]), /mounted at \/theirs/);
    assert.equal(await done(guest, ["cat", "/theirs/plan.txt"]), "the plan");
    await done(guest, ["put", "-", "/theirs/answer.txt"], "the answer");
    assert.equal(await done(owner, ["cat", "/project/answer.txt"]), "the answer");
    const listed = JSON.parse(await done(guest, ["shared", "--json"]));
    assert.equal(listed.items.length, 1);
    assert.match(await done(guest, ["link", "/theirs"]), /\/s\/hfl_/);
    assert.match(await done(guest, ["link", "ls", "/theirs"]), /viewer +\/theirs/);
    await done(guest, ["leave", "/theirs"]);
    await eventually("the mount goes", 60_000, async () =>
      (await guest(["ls", "/theirs"])).code === 4 ? true : undefined,
    );
    assert.equal(await done(owner, ["cat", "/project/plan.txt"]), "the plan");
  });

  test("a share and a link of an item in the trash are listed and ended by its path, also in a deleted folder", async () => {
    await done(owner, ["mkdir", "-p", "/gone/deep", "/twice"]);
    await done(owner, ["put", "-", "/gone/deep/note.txt"], "note");
    await done(owner, ["share", "/gone", "--with", ann.email, "--role", "viewer"]);
    await done(owner, ["share", "/gone/deep", "--with", ann.email, "--role", "editor"]);
    await done(owner, ["link", "/gone/deep/note.txt"]);
    await done(owner, ["rm", "/gone", "/twice"]);
    const listed = await owner(["permissions", "/gone/deep"]);
    assert.match(listed.stdout, /ann@example\.com +editor/);
    assert.match(listed.stderr, /in the trash: if it is restored, they have access again/);
    const ended = await done(owner, ["unshare", "/gone/deep", "--with", ann.email]);
    assert.equal(ended, `/gone/deep, which is in the trash, is no longer shared with ${ann.email}\n`);
    const [link] = JSON.parse(await done(owner, ["link", "ls", "/gone/deep/note.txt", "--json"])).items;
    await done(owner, ["link", "rm", link.id]);
    await done(owner, ["unshare", "/gone", "--with", ann.email]);
    await done(owner, ["trash", "restore", "/gone"]);
    for (const path of ["/gone", "/gone/deep", "/gone/deep/note.txt"])
      assert.equal(await done(owner, ["permissions", path]), "", path);

    await done(owner, ["mkdir", "/twice"]);
    await done(owner, ["rm", "/twice"]);
    const twice = await owner(["unshare", "/twice", "--with", ann.email]);
    assert.equal(twice.code, 5);
    assert.match(twice.stderr, /2 items in the trash match \/twice\. Nothing was changed\. Name one by its ID: /);
    assert.equal((await owner(["unshare", "/nowhere", "--with", ann.email])).code, 4);
    await done(owner, ["rm", "/gone"]);
  });

  test("share and link of the whole drive ask on a terminal, and otherwise explain the consequences", async () => {
    const config = `${people.folder}/config`;
    for (const args of [
      ["share", "/", "--with", ann.email],
      ["link", "/"],
    ]) {
      const kept = await answering(config, args, "");
      assert.equal(kept.code, 1, kept.shown);
      assert.match(
        kept.shown,
        /whole drive: .* can open everything in it, .*Share it\? \(y\/N\)[^]*Nothing was shared\./,
      );
    }
    assert.equal(await done(owner, ["link", "ls"]), "");
    const said = await owner(["link", "/"]);
    assert.match(said.stderr, /^\/ is your whole drive: everyone who has the link can open everything in it, /);
    const yes = await answering(config, ["link", "/", "--yes"], "");
    assert.deepEqual([yes.code, yes.shown.includes("Share it?")], [0, false]);
    for (const { id } of JSON.parse(await done(owner, ["link", "ls", "--json"])).items)
      await done(owner, ["link", "rm", id]);
  });

  test("put, get, cat, ls, tree, mkdir, cp, mv and comments work through a mount", async () => {
    await done(owner, ["mkdir", "/album"]);
    await done(owner, ["put", "-", "/album/first.txt"], "the first");
    await done(owner, ["share", "/album", "--with", ann.email, "--role", "editor"]);
    await eventually("the share is listed", 60_000, async () =>
      /album\//.test(await done(guest, ["shared"])) ? true : undefined,
    );
    await done(guest, ["mount", "album"]);
    const tree = `${people.folder}/tree`;
    mkdirSync(`${tree}/inner`, { recursive: true });
    writeFileSync(`${tree}/second.txt`, "the second");
    writeFileSync(`${tree}/inner/long.bin`, randomBytes(9_000_000));
    await done(guest, ["put", tree, "/album"]);
    await done(guest, ["put", `${tree}/second.txt`, "/album/"]);
    await done(guest, ["mkdir", "-p", "/album", "/album/made/deep"]);
    await done(guest, ["cp", "/album/first.txt", "/album/made/"]);
    await done(guest, ["mv", "/album/second.txt", "/album/made/"]);
    await done(guest, ["cp", "/album/first.txt", "/mine.txt"]);
    await done(guest, ["cp", "/album/inner", "/inner"]);
    assert.equal(await done(guest, ["cat", "/mine.txt"]), "the first");
    assert.equal(await done(guest, ["ls", "/inner"]), "long.bin\n");
    const moved = await guest(["mv", "/album/first.txt", "/moved.txt"]);
    assert.equal(moved.code, 2);
    assert.match(moved.stderr, /\/album\/first\.txt and the folder \/ have different owners.*Copy it there/);
    await done(guest, ["rm", "--permanent", "--yes", "/mine.txt"]);
    await done(guest, ["rm", "--permanent", "--yes", "/inner"]);
    await done(guest, ["comment", "/album", "about all of it"]);
    const paths = ["first.txt", "inner/", "inner/long.bin", "made/", "made/deep/", "made/first.txt", "made/second.txt"];
    assert.equal(await done(owner, ["ls", "-R", "/album"]), `${paths.join("\n")}\n`);
    assert.equal(await done(guest, ["ls", "-R", "/album"]), `${paths.join("\n")}\n`);
    assert.match(await done(guest, ["ls", "-R", "/"]), /^album\/\nalbum\/first\.txt\n/m);
    assert.match(await done(guest, ["tree", "/"]), /── album\/\n.*── first\.txt\n/);
    assert.match(await done(owner, ["comments", "/album"]), /about all of it/);
    assert.match(await done(guest, ["activity", "/album"]), /created +album and 1 more +\//);
    for (const [args, at] of [
      [["get", "/album", `${people.folder}/got`], `${people.folder}/got`],
      [["get", "/", `${people.folder}/all`], `${people.folder}/all/album`],
    ] as const) {
      await done(guest, [...args]);
      assert.equal(readFileSync(`${at}/made/second.txt`, "utf8"), "the second");
      assert.deepEqual(readFileSync(`${at}/inner/long.bin`), readFileSync(`${tree}/inner/long.bin`));
      const modes = [at, `${at}/inner`].map((path) => (statSync(path).mode & 0o077) === 0);
      assert.deepEqual(modes, [true, false]);
    }
    await done(guest, ["get", "/album/made", `${people.folder}/made`]);
    assert.equal(statSync(`${people.folder}/made`).mode & 0o777, 0o700);
    mkdirSync(`${people.folder}/locked`, { mode: 0o700 });
    writeFileSync(`${people.folder}/locked/file`, "locked");
    await done(owner, ["put", `${people.folder}/locked`, "/album/locked"]);
    await done(guest, ["put", `${people.folder}/locked`, "/locked"]);
    await done(guest, ["get", "/album/locked/file", `${people.folder}/in`]);
    await done(guest, ["mv", "/album", "/locked/album"]);
    await done(guest, ["get", "/locked/album/made/second.txt", `${people.folder}/below`]);
    await done(guest, ["mv", "/locked/album", "/album"]);
    await done(guest, ["get", "/album/made/second.txt", `${people.folder}/open`]);
    const got = ["in", "below", "open"].map((name) => statSync(`${people.folder}/${name}`).mode & 0o777);
    assert.deepEqual(got, [0o600, 0o600, 0o644]);
    await done(owner, ["rm", "--permanent", "--yes", "/album/locked"]);
    const { items } = JSON.parse(await done(guest, ["rm", "/album/first.txt", "--json"])) as {
      items: { id: string }[];
    };
    assert.equal((await guest(["cat", "/album/first.txt"])).code, 4);
    await done(guest, ["trash", "restore", items[0]?.id ?? ""]);
    assert.equal(await done(guest, ["cat", "/album/first.txt"]), "the first");
    const mounted = await guest(["sync", `${people.folder}/one`, "--once", "--remote", "/album"]);
    assert.deepEqual([mounted.code, /shared with you/.test(mounted.stderr)], [5, true]);
    assert.match((await guest(["rm", "/album"])).stderr, /Removed from your files/);
    assert.equal(await done(owner, ["cat", "/album/first.txt"]), "the first");
    assert.equal((await done(owner, ["cat", "/album/made/second.txt"])).length, 10);
  });

  longTest("rm of several items prints one restore command for each trash, which together restore all", async () => {
    await done(owner, ["mkdir", "/bin", "/mounted"]);
    for (const path of ["/bin/1", "/bin/2"]) await done(owner, ["put", "-", path], "text");
    for (const path of ["/bin", "/mounted"])
      await done(owner, ["share", path, "--with", ann.email, "--role", "editor"]);
    await eventually("the shares are listed", 60_000, async () => {
      const listed = await done(guest, ["shared"]);
      return listed.includes("bin/") && listed.includes("mounted/") ? true : undefined;
    });
    for (const name of ["bin", "mounted"]) await done(guest, ["mount", name]);
    const own = ["/my file", "/other"];
    for (const path of own) await done(guest, ["put", "-", path], "text");
    const ids = JSON.parse(await done(guest, ["ls", "/bin", "--json"])).items.map(({ id }: { id: string }) => id);
    const { stderr } = await guest(["rm", ...own, "/bin/1", "/bin/2", "/mounted"]);
    assert.equal(
      stderr,
      [
        "Removed from your files. The shared folder itself was not changed.",
        "Moved to the trash. 'holdfast trash restore '/my file' /other' brings them back.",
        `Moved to their owners' trash. 'holdfast trash restore ${ids.join(" ")}' brings them back.`,
        "",
      ].join("\n"),
    );
    await done(guest, ["trash", "restore", ...own, ...ids]);
    assert.equal(await done(guest, ["ls", "/bin"]), "1\n2\n");
    const one = await guest(["rm", "/my file"]);
    assert.equal(one.stderr, "Moved to the trash. 'holdfast trash restore '/my file'' brings it back.\n");
    const many = Array.from({ length: 21 }, (_, index) => `/many ${index}`);
    await done(guest, ["mkdir", ...many]);
    assert.match((await guest(["rm", ...many])).stderr, /^Moved to the trash\. 'holdfast trash ls' lists them/);
  });

  test("a folder that its owner moves into another mounted one is listed and fetched once, at its own mount", async () => {
    await done(owner, ["mkdir", "-p", "/team/projects", "/alpha/inner"]);
    await done(owner, ["put", "-", "/alpha/inner/a.txt"], "in alpha");
    for (const path of ["/team", "/alpha"]) await done(owner, ["share", path, "--with", ann.email]);
    await eventually("both are listed", 60_000, async () => {
      const listed = await done(guest, ["shared"]);
      return listed.includes("team/") && listed.includes("alpha/") ? true : undefined;
    });
    await done(guest, ["mkdir", "/both"]);
    for (const name of ["team", "alpha"]) await done(guest, ["mount", name, "--at", `/both/${name}`]);
    await done(owner, ["mv", "/alpha", "/team/projects/"]);
    const inAlpha = ["alpha/", "alpha/inner/", "alpha/inner/a.txt"];
    const all = [...inAlpha, "team/", "team/projects/"];
    assert.equal(await done(guest, ["ls", "-R", "/both"]), `${all.join("\n")}\n`);
    assert.match(await done(guest, ["tree", "/both"]), /\n4 folders, 1 file, /);
    assert.match(await done(guest, ["get", "/both", `${people.folder}/both`]), /^1 file fetched/);
    assert.deepEqual(readdirSync(`${people.folder}/both`, { recursive: true, encoding: "utf8" }).toSorted(), [
      "alpha",
      "alpha/inner",
      "alpha/inner/a.txt",
      "team",
      "team/projects",
    ]);
    const below = [...inAlpha.map((path) => `/both/${path}`), "projects/"];
    assert.equal(await done(guest, ["ls", "-R", "/both/team"]), `${below.join("\n")}\n`);
  });

  test("a permission is revoked, and invalid requests are rejected", async () => {
    await done(owner, ["mkdir", "/taken"]);
    const { role } = JSON.parse(await done(owner, ["share", "/taken", "--with", ann.email, "--json"]));
    assert.equal(role, "viewer", "unless another one is named");
    const owning = await owner(["share", "/taken", "--with", ann.email, "--role", "owner"]);
    assert.deepEqual([owning.code, /holdfast transfer PATH --to EMAIL/.test(owning.stderr)], [2, true]);
    await done(owner, ["unshare", "/taken", "--with", "Ann@Example.com"]);
    assert.equal((await owner(["unshare", "/taken", "--with", ann.email])).code, 4);
    assert.equal((await owner(["share", "/taken", "--with", ann.email, "--role", "king"])).code, 2);
    assert.equal((await owner(["share", "/missing", "--with", ann.email, "--role", "viewer"])).code, 4);
    assert.equal((await guest(["mount", "nothing"])).code, 4);
    assert.equal((await owner(["share", "/taken", "--with", "Nobody", "--role", "viewer"])).code, 4);
    await done(owner, ["mkdir", "/box"]);
    await done(owner, ["share", "/box", "--with", ann.email, "--role", "uploader"]);
    await eventually("the share is listed", 60_000, async () =>
      /box\//.test(await done(guest, ["shared"])) ? true : undefined,
    );
    const mounted = await guest(["mount", "box"]);
    assert.deepEqual([mounted.code, /cannot be mounted/.test(mounted.stderr)], [3, true]);
  });

  function idOfShared(name: string): Promise<string> {
    return eventually("the share is listed", 60_000, async () => {
      const { items } = JSON.parse(await done(guest, ["shared", "--json"])) as {
        items: { node: { id: string; name: string } }[];
      };
      return items.find(({ node }) => node.name === name)?.node.id;
    });
  }

  test("a single shared file is read by its listed ID", async () => {
    await done(owner, ["put", "-", "/single.txt"], "by itself");
    await done(owner, ["share", "/single.txt", "--with", ann.email, "--role", "viewer"]);
    const id = await idOfShared("single.txt");
    assert.equal(await done(guest, ["cat", id]), "by itself");
    await done(guest, ["get", id, `${people.folder}/single`]);
    assert.equal(readFileSync(`${people.folder}/single`, "utf8"), "by itself");
    assert.equal(await done(guest, ["ls", id]), "single.txt\n");
    assert.equal((await guest(["cat", "/single.txt"])).code, 4);
  });

  test("an item in a shared folder is read by the folder's ID and the path below it", async () => {
    await done(owner, ["mkdir", "-p", "/whole/inner/deep"]);
    await done(owner, ["put", "-", "/whole/inner/deep/note.txt"], "below");
    await done(owner, ["share", "/whole", "--with", ann.email, "--role", "viewer"]);
    const id = await idOfShared("whole");
    assert.equal(await done(guest, ["ls", `${id}/inner/`]), "deep/\n");
    assert.equal(await done(guest, ["cat", `${id}/inner/deep/note.txt`]), "below");
    await done(guest, ["get", `${id}/inner`, `${people.folder}/inner`]);
    assert.equal(readFileSync(`${people.folder}/inner/deep/note.txt`, "utf8"), "below");
    const missing = await guest(["ls", `${id}/outer`]);
    assert.equal(missing.code, 4);
    assert.match(missing.stderr, /There is no \/outer in the shared folder/);
  });

  test("a group is named like an address, and an address without an account gives a link to pass on", async () => {
    await done(owner, ["mkdir", "/songs"]);
    await done(owner, ["admin", "groups", "create", "Choir"]);
    await done(owner, ["admin", "groups", "add", "Choir", administrator.email]);
    await done(owner, ["admin", "groups", "add", "Choir", ann.email]);
    assert.match(
      await done(owner, ["share", "/songs", "--with", "Choir", "--role", "viewer"]),
      /with Choir \(viewer\)/,
    );
    assert.match(await done(owner, ["permissions", "/songs"]), /^group +Choir +viewer/m);
    await done(owner, ["unshare", "/songs", "--with", "choir"]);
    assert.equal(await done(owner, ["permissions", "/songs"]), "");
    const invited = await owner(["share", "/songs", "--with", "new@example.com", "--role", "viewer"]);
    assert.match(invited.stdout, /no account yet\n.* http.*\/setup#hfi_/);
    await done(guest, ["mkdir", "/hers"]);
    const asked = await guest(["share", "/hers", "--with", "other@example.com", "--role", "viewer"]);
    assert.deepEqual(
      [asked.code, asked.stderr],
      [0, "This server sends no e-mail. An administrator has the invitation link ('holdfast admin unsent-links').\n"],
    );
    assert.match(invited.stderr, /^The link works once and expires on 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ\.\n/);
  });
});
