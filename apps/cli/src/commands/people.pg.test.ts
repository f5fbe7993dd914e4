import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { administrator, eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { useTwoPeople } from "./testing-signed-in.ts";

describe("Commands about people", () => {
  const people = useTwoPeople("people-command");
  const { owner, guest, ann, done } = people;
  const json = async (run: typeof owner, ...args: string[]) => JSON.parse(await done(run, [...args, "--json"]));
  const sharedId = (name: string) =>
    eventually(`${name} is listed`, 60_000, async () => {
      const { items } = await json(guest, "shared");
      return items.find(({ node }: { node: { name: string } }) => node.name === name)?.node.id as string | undefined;
    });

  longTest("comment, comments and activity name the people, through a mount and by ID too", async () => {
    await done(owner, ["mkdir", "/talk"]);
    await done(owner, ["put", "-", "/talk/report"], "text");
    await done(owner, ["share", "/talk", "--with", ann.email, "--role", "commenter"]);
    const id = await sharedId("talk");
    await done(guest, ["mount", "talk", "--at", "/of others"]);
    assert.equal(await done(owner, ["comment", "/talk/report", "first\nsecond line"]), "commented on /talk/report\n");
    const made = await json(guest, "comment", "/of others/report", "by the mount");
    assert.deepEqual([made.text, made.author.name, made.resolved], ["by the mount", "Ann", false]);
    await done(guest, ["comment", id, "of all of it"]);
    assert.match(
      await done(guest, ["comments", "/of others/report"]),
      /^\d{4}-.* {2}\S.*\n {4}first\n {4}second line\n\d{4}-.* {2}Ann\n {4}by the mount\n$/,
    );
    const { items } = await json(owner, "comments", "/talk");
    assert.deepEqual(
      items.map(({ text }: { text: string }) => text),
      ["of all of it"],
    );
    const activity = await json(guest, "activity", "/of others");
    const verbs = activity.items.map(
      ({ verb, actor }: { verb: string; actor: { name: string } }) => `${actor.name} ${verb}`,
    );
    assert.ok(verbs.includes("Ann commented"), verbs.join());
    assert.match(await done(owner, ["activity", "/talk"]), /^\d{4}-.* +Ann +- +commented +talk +\//m);
    assert.match(await done(owner, ["activity"]), /commented/);
    // An item without a path is shown by its name, not as the root.
    await done(owner, ["mkdir", "/unmounted"]);
    await done(owner, ["share", "/unmounted", "--with", ann.email, "--role", "commenter"]);
    await done(guest, ["comment", await sharedId("unmounted"), "by its id"]);
    assert.match(await done(guest, ["activity"]), /Ann +\S.* +commented +unmounted +-$/m);
    for (const [args, code] of [
      [["comment", "/talk/report", "  "], 2],
      [["comment", "/nowhere", "x"], 4],
      [["comments", "/nowhere"], 4],
      [["activity", "/nowhere"], 4],
    ] as const) {
      assert.equal((await owner([...args])).code, code, args.join(" "));
    }
  });

  test("share, permissions, shared, mount, leave and unshare print JSON documents", async () => {
    await done(owner, ["mkdir", "/docs"]);
    const given = await json(owner, "share", "/docs", "--with", ann.email, "--role", "viewer");
    assert.deepEqual([given.role, given.grantee.email], ["viewer", ann.email]);
    const listed = await json(owner, "permissions", "/docs");
    assert.deepEqual(
      listed.items.map(({ id }: { id: string }) => id),
      [given.id],
    );
    const id = await sharedId("docs");
    assert.match(await done(guest, ["shared"]), new RegExp(`^viewer +${administrator.email} +docs/ +${id}$`, "m"));
    const mount = await json(guest, "mount", id, "--at", "/docs of others");
    assert.deepEqual([mount.kind, mount.target, mount.path], ["mount", id, "/docs of others"]);
    assert.match(await done(guest, ["shared"]), /docs\/ +at \/docs of others/);
    assert.equal((await guest(["permissions", "/docs of others"])).code, 3);
    assert.deepEqual(await json(guest, "leave", "/docs of others"), { left: [given.id], node_id: id });
    assert.equal((await guest(["leave", id])).code, 4);
    const unmounted = await guest(["leave", "docs"]);
    assert.deepEqual(
      [unmounted.code, unmounted.stderr],
      [4, "holdfast: Nothing is mounted at docs. 'holdfast shared' lists what is shared with you, with IDs.\n"],
    );
    await done(owner, ["share", "/docs", "--with", ann.email, "--role", "editor"]);
    const taken = await json(owner, "unshare", "/docs", "--with", ann.email);
    assert.deepEqual([taken.role, taken.grantee.email], ["editor", ann.email]);
    assert.deepEqual((await json(owner, "permissions", "/docs")).items, []);
  });

  test("settings are shown and changed individually, and an invalid one changes nothing", async () => {
    const first = await json(guest, "settings");
    assert.deepEqual([first.language, first.auto_mount, first.notify.digest], ["en", false, "daily"]);
    assert.match(
      await done(guest, ["settings"]),
      /^name +.*\nauto-mount +off\n.*^comment +mail, once a day$.*^watch +app$/ms,
    );
    assert.equal((await json(guest, "settings", "language", "de")).language, "de");
    assert.equal((await json(guest, "settings", "name", "Guest of Honour")).name, "Guest of Honour");
    await done(guest, ["settings", "name", first.name]);
    assert.equal((await json(guest, "settings", "auto-mount", "on")).auto_mount, true);
    assert.equal((await json(guest, "settings", "share", "off")).notify.share, "off");
    const quiet = await done(guest, ["settings", "digest", "never"]);
    assert.match(quiet, /^digest +never\nshare +off\n.*^mention +app \(digest never\)$.*^device +mail$/ms);
    for (const args of [["share"], ["share", "loud"], ["colour", "red"], ["language", "fr"], ["digest", "mail"]]) {
      assert.equal((await guest(["settings", ...args])).code, 2, args.join(" "));
    }
    await done(guest, ["settings", "language", "server"]);
    await done(guest, ["settings", "auto-mount", "off"]);
    const last = await json(guest, "settings");
    assert.deepEqual(last, { ...first, notify: { ...first.notify, share: "off", digest: "never" } });
  });

  test("unsent mails of a server without mail are listed only for administrators", async () => {
    await done(owner, ["mkdir", "/unsent"]);
    await done(owner, ["share", "/unsent", "--with", "somebody@example.com", "--role", "viewer"]);
    const { items } = await json(owner, "admin", "unsent-links");
    assert.deepEqual([items[0].to, /\/setup#hfi_/.test(items[0].url)], ["somebody@example.com", true]);
    assert.match(await done(owner, ["admin", "unsent-links"]), /^somebody@example\.com +until .* http.*#hfi_/);
    assert.equal((await guest(["admin", "unsent-links"])).code, 3);
    await done(owner, ["admin", "users", "add", "somebody@example.com", "--password-stdin"], "a sentence of theirs\n");
    const after = (await json(owner, "admin", "unsent-links")).items as { to: string }[];
    assert.ok(!after.some(({ to }) => to === "somebody@example.com"));
  });

  test("an uploader puts files and trees by ID, sees nothing of the folder, and replaces nothing in it", async () => {
    await done(owner, ["mkdir", "/inbox"]);
    await done(owner, ["put", "-", "/inbox/note"], "of the owner");
    await done(owner, ["share", "/inbox", "--with", ann.email, "--role", "uploader"]);
    const id = await sharedId("inbox");
    const tree = `${people.folder}/tree`;
    mkdirSync(`${tree}/deep/er`, { recursive: true });
    writeFileSync(`${tree}/deep/er/leaf`, "leaf");
    writeFileSync(`${tree}/top`, "top");
    writeFileSync(`${people.folder}/note`, "of ann");
    writeFileSync(`${people.folder}/large`, Buffer.alloc(20_000_000, "a large one "));
    const sent = await guest(["put", `${people.folder}/note`, `${people.folder}/large`, id, "--json"]);
    assert.equal(JSON.parse(sent.stdout).files_sent, 2);
    const remark =
      /^You cannot see what this folder contains\. A file whose name was taken is stored under another name/m;
    assert.match(sent.stderr, remark);
    assert.equal((await json(guest, "put", tree, `${id}/`)).files_sent, 2);
    const paths = (await json(owner, "ls", "-R", "/inbox")).items.map(({ path }: { path: string }) => path);
    const own = ["/inbox/large", "/inbox/note", "/inbox/tree", "/inbox/tree/deep", "/inbox/tree/deep/er"];
    for (const path of [...own, "/inbox/tree/deep/er/leaf", "/inbox/tree/top"])
      assert.ok(paths.includes(path), `${path} in ${paths.join()}`);
    assert.equal(paths.length, 8, paths.join());
    assert.equal((await json(guest, "put", `${tree}/deep`, id)).files_sent, 1);
    assert.equal(await done(owner, ["cat", "/inbox/deep/er/leaf"]), "leaf");
    assert.equal(await done(owner, ["cat", "/inbox/note"]), "of the owner");
    assert.equal(await done(owner, ["cat", paths.find((path: string) => /note.+/.test(path)) ?? ""]), "of ann");
    assert.notEqual((await guest(["ls", id])).code, 0);
  });

  test("an editor puts a version of an unmounted file and into an unmounted folder; others cannot", async () => {
    await done(owner, ["mkdir", "-p", "/by id/deep"]);
    await done(owner, ["put", "-", "/alone.txt"], "first");
    await done(owner, ["share", "/by id", "--with", ann.email, "--role", "editor"]);
    await done(owner, ["share", "/alone.txt", "--with", ann.email, "--role", "editor"]);
    const [inside, alone] = [await sharedId("by id"), await sharedId("alone.txt")];
    writeFileSync(`${people.folder}/new`, "second");
    await done(guest, ["put", `${people.folder}/new`, alone]);
    assert.equal(await done(owner, ["cat", "/alone.txt"]), "second");
    const deep = `${people.folder}/merged`;
    mkdirSync(`${deep}/deep`, { recursive: true });
    writeFileSync(`${deep}/deep/leaf`, "leaf");
    for (const [sent, equal] of [
      [1, 0],
      [0, 1],
    ]) {
      const { files_sent, files_equal } = await json(guest, "put", deep, inside);
      assert.deepEqual([files_sent, files_equal], [sent, equal]);
    }
    assert.equal(await done(owner, ["cat", "/by id/deep/leaf"]), "leaf");
    await done(owner, ["share", "/alone.txt", "--with", ann.email, "--role", "viewer"]);
    assert.equal((await guest(["put", `${people.folder}/new`, alone])).code, 0, "equal content changes nothing");
    writeFileSync(`${people.folder}/new`, "third");
    assert.equal((await guest(["put", `${people.folder}/new`, alone])).code, 3);
    const { id } = (await json(owner, "ls", "/")).items.find(({ name }: { name: string }) => name === "inbox");
    assert.equal(await done(guest, ["leave", id]), `left ${id}\n`);
    assert.equal((await guest(["put", `${people.folder}/new`, id])).code, 4);
    assert.equal(await done(owner, ["cat", "/alone.txt"]), "second");
  });

  longTest(
    "a mount is a destination of put, mv and cp; transfers to another owner are reported, and previews match runs",
    async () => {
      await done(owner, ["mkdir", "/target"]);
      await done(owner, ["share", "/target", "--with", ann.email, "--role", "editor"]);
      await done(guest, ["mount", await sharedId("target"), "--at", "/to"]);
      writeFileSync(`${people.folder}/file`, "a file");
      await done(guest, ["put", `${people.folder}/file`, "/to/new folder/file"]);
      await done(guest, ["put", `${people.folder}/file`, "/to"]);
      await done(guest, ["put", "-", "/mine"], "mine");
      await done(guest, ["cp", "/to/file", "/to/new folder/copied"]);
      await done(guest, ["mv", "/to/new folder/copied", "/to/moved"]);
      for (const [from, to] of [
        ["/mine", "/to/stolen"],
        ["/to/file", "/stolen"],
      ] as const) {
        const refused = await guest(["mv", from, to]);
        const words = /have different owners.* Copy it there, then delete it here\./;
        assert.deepEqual([refused.code, words.test(refused.stderr)], [2, true], refused.stderr);
      }
      await done(guest, ["cp", "/mine", "/to"]);
      await done(guest, ["cp", "/to/file", "/own"]);
      assert.equal(await done(guest, ["cat", "/own"]), "a file");
      assert.equal(await done(owner, ["cat", "/target/mine"]), "mine");
      assert.equal(await done(guest, ["cat", "/mine"]), "mine");
      const paths = (await json(owner, "ls", "-R", "/target")).items.map(({ path }: { path: string }) => path);
      assert.deepEqual(paths, [
        "/target/file",
        "/target/mine",
        "/target/moved",
        "/target/new folder",
        "/target/new folder/file",
      ]);
      for (const remote of ["/to", "/to/new folder"]) {
        for (const words of [["--once"], ["--dry-run"]]) {
          const refused = await guest(["sync", `${people.folder}/synced`, "--remote", remote, ...words]);
          assert.deepEqual(
            [refused.code, /cannot be synced on its own/.test(refused.stderr)],
            [5, true],
            refused.stderr,
          );
        }
      }
    },
  );
});
