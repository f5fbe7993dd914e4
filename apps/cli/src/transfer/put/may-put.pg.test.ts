import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { useTwoPeople } from "../../commands/testing-signed-in.ts";
import { runIn } from "../../run.ts";

describe("Put with read permission only", () => {
  const people = useTwoPeople("put-as-viewer");
  const { owner, guest, ann, done, folder } = people;
  let id = "";

  before(async () => {
    await done(owner, ["mkdir", "-p", "/team/open"]);
    await done(owner, ["put", "-", "/team/a.txt"], "first");
    await done(owner, ["share", "/team", "--with", ann.email, "--role", "viewer"]);
    await done(owner, ["share", "/team/open", "--with", ann.email, "--role", "editor"]);
    id = await eventually("the share is listed", 60_000, async () => {
      const { items } = JSON.parse(await done(guest, ["shared", "--json"]));
      return items.find(({ node }: { node: { name: string } }) => node.name === "team")?.node.id as string | undefined;
    });
    await done(guest, ["mount", "team", "--at", "/of others"]);
  });

  const refusal = (where: string) => `You are a viewer of ${where}, and viewers cannot upload.`;

  test("standard input is not read, and a command is not started", async () => {
    const environment = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "guest") };
    for (const [path, where] of [
      ["/of others/new", "/of others"],
      ["/of others/none/new", "/of others"],
      ["/of others/a.txt", "/of others/a.txt"],
    ] as const) {
      let isRead = false;
      const stdin = new Readable({
        read() {
          isRead = true;
          this.push(null);
        },
      });
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const code = await runIn({ environment, stdin, stdout, stderr, exitCode: 0 }, ["put", "-", path]);
      stderr.end();
      assert.deepEqual([code, await text(stderr)], [3, `holdfast: ${refusal(where)}\n`], path);
      assert.ok(!isRead, path);

      const ran = join(folder, "ran");
      const command = await guest(["put", "--from-command", path, "--", "touch", ran]);
      assert.deepEqual([command.code, command.stderr], [3, `holdfast: ${refusal(where)}\n`], path);
      assert.ok(!existsSync(ran), path);
    }
    await done(guest, ["put", "-", "/of others/open/new"], "text");
    assert.equal(await done(owner, ["cat", "/team/open/new"]), "text");
  });

  test("a new version of an editable file of any size is sent, even if its folder is read-only", async () => {
    await done(owner, ["put", "-", "/team/mine.txt"], "first");
    await done(owner, ["share", "/team/mine.txt", "--with", ann.email, "--role", "editor"]);
    const file = join(folder, "mine.txt");
    writeFileSync(file, Buffer.alloc(5_000_000, "large"));
    await done(guest, ["put", file, "/of others/mine.txt"]);
    assert.equal(JSON.parse(await done(owner, ["ls", "/team/mine.txt", "--json"])).items[0].size, 5_000_000);
    await done(guest, ["put", "-", "/of others/mine.txt"], "from a stream");
    assert.equal(await done(owner, ["cat", "/team/mine.txt"]), "from a stream");
    await done(owner, ["rm", "/team/mine.txt"]);
  });

  test("a file and a folder are refused likewise, also in a dry run, but equal content is not", async () => {
    const file = join(folder, "a.txt");
    for (const [content, remote, where] of [
      ["other", "/of others/a.txt", "/of others/a.txt"],
      ["longer", "/of others/a.txt", "/of others/a.txt"],
      ["other", "/of others/new", "/of others"],
      ["other", "/of others/none/new", "/of others"],
      ["other", id, "a.txt"],
    ] as const) {
      writeFileSync(file, content);
      for (const more of [[], ["--dry-run"]]) {
        const { code, stderr } = await guest(["put", file, remote, ...more]);
        assert.deepEqual([code, stderr], [3, `holdfast: ${file}: ${refusal(where)}\n`], [remote, ...more].join(" "));
      }
    }
    writeFileSync(file, "first");
    await done(guest, ["put", file, "/of others/a.txt"]);
    const tree = join(folder, "tree");
    mkdirSync(tree);
    for (const more of [[], ["--dry-run"]]) {
      const { code, stderr } = await guest(["put", tree, "/of others/tree", ...more]);
      assert.deepEqual([code, stderr], [3, `holdfast: ${refusal("/of others")}\n`], more.join(" "));
    }
    const { url } = JSON.parse(await done(owner, ["link", "/team", "--json"]));
    writeFileSync(file, "other");
    const linked = await guest(["put", file, url]);
    assert.equal(linked.code, 3, linked.stderr);
    assert.match(linked.stderr, /You are a viewer of a\.txt, and viewers cannot upload\./);
    assert.equal(await done(owner, ["cat", "/team/a.txt"]), "first");
  });

  test("a tree's permitted items are sent, and each refused item is listed with its folder", async () => {
    const tree = join(folder, "merged");
    for (const path of ["open", "new"]) mkdirSync(join(tree, path), { recursive: true });
    writeFileSync(join(tree, "a.txt"), "first");
    for (const path of ["b.txt", "new/c.txt", "open/d.txt"]) writeFileSync(join(tree, path), path);
    for (const more of [["--dry-run"], []]) {
      const { code, stdout } = await guest(["put", tree, "/of others", "--json", ...more]);
      const { files_sent, files_equal, problems } = JSON.parse(stdout);
      assert.deepEqual([code, files_sent, files_equal], [1, 1, 1], more.join(" "));
      assert.deepEqual(
        problems,
        ["b.txt", "new"].map((name) => ({
          path: join(tree, name),
          code: "forbidden",
          message: refusal("/of others"),
        })),
      );
    }
    const listed = JSON.parse(await done(owner, ["ls", "-R", "/team", "--json"])).items;
    assert.deepEqual(
      listed.map(({ path }: { path: string }) => path),
      ["/team/a.txt", "/team/open", "/team/open/d.txt", "/team/open/new"],
    );
  });
});
