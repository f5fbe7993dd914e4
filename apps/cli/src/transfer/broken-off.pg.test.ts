import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  administrator,
  holdfast,
  makeFolder,
  queryDatabase,
  removeFolder,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { mountSmallDisk, unmount } from "../acceptance/small-disk.ts";
import { useSignedIn } from "../commands/testing-signed-in.ts";

const mib = 1024 * 1024;

describe("Server without space", () => {
  // Larger than any disk.
  const { folder, data, run, json } = useSignedIn("broken-off", { HOLDFAST_DISK_RESERVE_BYTES: String(10 ** 15) });

  test("put of a tree ends with the counts of sent and failed files, and of one file only with its failure", async () => {
    const tree = join(folder, "tree");
    mkdirSync(tree);
    for (let index = 0; index < 7; index += 1) writeFileSync(join(tree, `${index}`), Buffer.alloc(3000, index));
    const { code, stdout, stderr } = await run(["put", tree, "/tree"]);
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /^holdfast: .*has no space for another .+administrator of the server has to free some space.+[Tt]ry again\.$/m,
    );
    assert.doesNotMatch(stderr, /accidents/, "that page is for whoever runs the server");
    const [counts, left, ...rest] = stdout.split("\n");
    assert.equal(counts, "0 files sent (0 B), 0 already equal, 7 not sent (21 KiB), 1 problem");
    assert.match(left ?? "", /^Not sent: \S+\/tree\/\d, \S+\/tree\/\d, \S+\/tree\/\d and 4 more$/);
    assert.deepEqual(rest, [""], "no room is taken by parts of files");
    const answer = await json("put", tree, "/tree");
    assert.deepEqual(
      [answer.error.code, answer.files_sent, answer.bytes_sent, answer.files_left, answer.bytes_left],
      ["store_full", 0, 0, 7, 21_000],
    );
    assert.equal((await run(["put", join(tree, "1"), "/one"])).stdout, "");
  });

  test("put of a large file is rejected by its size before any of it is sent", async () => {
    const path = join(folder, "large");
    writeFileSync(path, randomBytes(24 * mib));
    const { code, stderr } = await run(["put", path, "/large"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /The server is full: its disk has no space for another 24 MiB\. Nothing is lost\./);
    const { stored_bytes, server_space } = await json("df");
    assert.deepEqual([stored_bytes, server_space], [0, "full"]);
    const shown = (await run(["df"])).stdout;
    assert.match(shown, /^free +0 B$/m);
    assert.match(shown, /^The server's disk is full, so it refuses uploads\./m);
  });

  test("cp of a folder is refused, and changes without content succeed", async () => {
    assert.equal((await run(["mkdir", "/folder"])).code, 0);
    const { code, stderr } = await run(["cp", "/folder", "/copy"]);
    assert.deepEqual([code, /The server is full and accepts no new files\./.test(stderr)], [1, true], stderr);
    assert.equal((await run(["mv", "/folder", "/copy"])).code, 0);
  });

  test("put of a tree names the large files that were not sent, and reports the space of unfinished uploads", async () => {
    const tree = join(folder, "films");
    mkdirSync(tree);
    for (const name of ["one", "two"]) writeFileSync(join(tree, name), Buffer.alloc(5 * mib, name));
    await queryDatabase(data, `update shard.spaces set stored_bytes = ${3 * mib}`);
    const { code, stdout } = await run(["put", tree, "/films"]);
    assert.equal(code, 1);
    const [, left, ...room] = stdout.split("\n");
    assert.match(left ?? "", /^Not sent: \S+\/films\/(?:one|two)(?:, \S+\/films\/(?:one|two)| and 1 more)$/);
    assert.deepEqual(room, [
      "Unfinished uploads take 3.0 MiB of the server's disk. An administrator removes them with 'holdfast admin gc --unfinished --now'.",
      "",
    ]);
  });
});

describe("Space without room", () => {
  const { folder, run, json } = useSignedIn("no-quota");

  test("a stream longer than the quota is refused midway, and uses no space", async () => {
    assert.equal((await run(["admin", "users", "quota", administrator.email, "20M"])).code, 0);
    const writer = ["head", "-c", String(200 * mib), "/dev/urandom"];
    const { code, stderr } = await run(["put", "--from-command", "/stream", "--", ...writer]);
    assert.deepEqual([code, /This needs .+, and 20 MiB is free in your quota\./.test(stderr)], [6, true], stderr);
    assert.equal((await json("df")).stored_bytes, 0);
  });

  test("files of a tree without space are one line with their number and size, and use no space", async () => {
    assert.equal((await run(["admin", "users", "quota", administrator.email, "5M"])).code, 0);
    const tree = join(folder, "tree");
    mkdirSync(tree);
    for (let index = 0; index < 4; index += 1) writeFileSync(join(tree, `${index}`), randomBytes(2 * mib));
    writeFileSync(join(tree, "large"), Buffer.alloc(6 * mib));
    const { code, stderr } = await run(["put", tree, "/tree"]);
    assert.equal(code, 6, stderr);
    assert.match(
      stderr,
      /^holdfast: 3 files: not enough space in your quota: 10 MiB needed, 1\.0 MiB free\. 'holdfast df' shows .*\/tree\/large/m,
    );
    const { used_bytes, stored_bytes } = await json("df");
    assert.deepEqual([used_bytes, stored_bytes], [4 * mib, 4 * mib]);
  });

  test("a file without space creates no folder, and its failure has the reason", async () => {
    const path = join(folder, "tree", "large");
    const { code, stdout, stderr } = await run(["put", path, "/new/below/", "--json"]);
    assert.equal(code, 6, stderr);
    const reason = /large: This needs 6\.0 MiB, and 1\.0 MiB is free in your quota\./;
    assert.match(JSON.parse(stdout).error.message, reason);
    assert.equal(stderr.match(new RegExp(reason, "g"))?.length, 1, stderr);
    assert.equal((await run(["ls", "/new"])).code, 4);
  });

  test("a dry run of files without space ends as the run does, and counts those before them", async () => {
    const path = join(folder, "tree", "large");
    const dry = await run(["put", path, "/new/below/", "--dry-run"]);
    assert.equal(dry.code, 6, dry.stderr);
    assert.match(dry.stderr, /large: This needs 6\.0 MiB, and 1\.0 MiB is free in your quota\./);
    const [one, other, small] = ["one", "other", "small"].map((name) => join(folder, name)) as [string, string, string];
    for (const each of [one, other]) writeFileSync(each, randomBytes(0.6 * mib));
    writeFileSync(small, "small");
    const files = [one, other, small, "/some/"];
    const several = await json("put", ...files, "--dry-run");
    assert.deepEqual(
      several.changes.map((change: { path: string }) => change.path),
      ["/some/one", "/some/small"],
    );
    const problems = [{ path: other, code: "quota" }];
    const shown = ({ path: at, code }: { path: string; code: string }) => ({ path: at, code });
    assert.deepEqual(several.problems.map(shown), problems);
    assert.equal((await run(["put", ...files, "--dry-run"])).code, 6);
    const { code, stdout } = await run(["put", ...files, "--json"]);
    assert.deepEqual([code, JSON.parse(stdout).problems.map(shown)], [6, problems]);
    assert.equal((await run(["put", small, one, "/some/", "--dry-run"])).code, 0, "equal files need no room");
    for (const below of ["/some/small/x", "/some/small/sub/x"]) {
      const { code: dryCode, stderr } = await run(["put", small, below, "--dry-run"]);
      assert.deepEqual(
        [dryCode, /\/some\/small is a file on the server, not a folder/.test(stderr)],
        [5, true],
        stderr,
      );
    }
  });
});

longTest("the unsent size of large files in transit is reported", async (t) => {
  const folder = makeFolder("broken-off-large");
  const store = join(folder, "store");
  // Space for three and a half.
  if (!mountSmallDisk(t, store, 88 * mib)) return removeFolder(folder);
  const env = { HOLDFAST_CONFIG_DIR: `${folder}/config` };
  const server = await startServer({
    dataFolder: `${folder}/data`,
    args: ["--store", join(store, "packs")],
    env: { HOLDFAST_DISK_RESERVE_BYTES: String(4 * mib) },
  });
  try {
    const { email, password } = administrator;
    const login = ["login", server.url, "--email", email, "--password-stdin"];
    assert.equal((await holdfast(login, { env, input: `${password}\n` })).code, 0);
    const tree = join(folder, "tree");
    mkdirSync(tree);
    const sizeBytes = 24 * mib;
    for (let index = 0; index < 5; index += 1) writeFileSync(join(tree, `${index}`), randomBytes(sizeBytes));
    const { stdout } = await holdfast(["put", tree, "/tree", "--json"], { env });
    const answer = JSON.parse(stdout);
    assert.equal(answer.error.code, "store_full");
    assert.ok(answer.files_sent > 0, stdout);
    assert.equal(answer.files_left, 5 - answer.files_sent);
    assert.equal(answer.bytes_left, answer.files_left * sizeBytes);
    assert.equal(answer.bytes_sent, answer.files_sent * sizeBytes);
  } finally {
    await server.stop();
    unmount(store);
    removeFolder(folder);
  }
});
