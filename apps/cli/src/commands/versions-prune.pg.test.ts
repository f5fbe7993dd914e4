import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { Api, eventually } from "@holdfast/server/acceptance/testing";
import { runCommand, runHere } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Space full of old versions", () => {
  const signedIn = useSignedIn("versions-prune-command");
  const small = { email: "small@example.com", password: "a small space", quota_bytes: 1_000_000 };
  let api: Api;
  let environment: Record<string, string>;

  before(async () => {
    const { server, folder } = signedIn;
    const admin = await Api.signIn(server.url);
    assert.equal((await admin.call("POST", "/admin/users", small)).status, 201);
    api = await Api.signIn(server.url, small);
    environment = {
      HOLDFAST_SERVER: server.url,
      HOLDFAST_TOKEN: api.token ?? "",
      HOLDFAST_CONFIG_DIR: `${folder}/config-small`,
    };
  });

  const run = (...args: string[]) => runCommand(environment, args);
  const put = async (sizeBytes: number, path: string) => {
    const local = join(signedIn.folder, "local");
    writeFileSync(local, randomBytes(sizeBytes));
    return run("put", local, path);
  };
  const json = async (...args: string[]) => JSON.parse((await run(...args, "--json")).stdout);

  test("names the file and the command that frees space, and accepts uploads again afterwards", async () => {
    for (let version = 1; version <= 4; version += 1) assert.equal((await put(900_000, "/my film")).code, 0);
    const refused = await put(900_000, "/my film");
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /Old versions take 2\.6 MiB of it\. \/my film has the largest ones\./);
    assert.match(refused.stderr, /'holdfast versions prune '\/my film' --keep 1'/);
    assert.doesNotMatch(refused.stderr, /Empty|trash empty/);

    const usage = await json("df");
    assert.deepEqual(
      [usage.used_bytes, usage.files_bytes, usage.versions_bytes, usage.trash_bytes, usage.stored_bytes_max],
      [900_000, 900_000, 2_700_000, 0, 4_000_000],
    );
    assert.equal(usage.free_bytes, Math.min(100_000, 4_000_000 - usage.stored_bytes));
    const { stdout } = await run("df");
    assert.match(stdout, /^old versions +2\.6 MiB$/m);
    assert.match(stdout, /^ +2\.6 MiB +3 old versions +\/my film$/m);
    assert.match(stdout, /^To delete old ones: holdfast versions prune '\/my film' --keep 1$/m);

    const dry = await run("versions", "prune", "/my film", "--keep", "1", "--dry-run");
    assert.deepEqual([dry.code, dry.stdout], [0, "would delete 3 old versions of /my film, at most 2.6 MiB\n"]);
    const kept = await runHere(environment, ["versions", "prune", "/my film", "--keep", "2"], { typed: "n\n" });
    assert.deepEqual([kept.code, kept.stdout], [1, ""]);
    assert.match(
      kept.stderr,
      /Delete 2 old versions of \/my film permanently \(at most 1\.7 MiB\)\? The newest 2 and those/,
    );
    assert.equal((await json("versions", "/my film")).items.length, 4);

    const pruned = await run("versions", "prune", "/my film", "--keep", "2");
    assert.deepEqual(
      [pruned.code, pruned.stdout],
      [0, "deleted 2 old versions of /my film: 1.7 MiB freed\n"],
      pruned.stderr,
    );
    const again = await put(900_000, "/my film");
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(
      (await json("versions", "/my film")).items.map(({ number }: { number: number }) => number),
      [5, 4, 3],
    );
  });

  test("prunes everything below a folder, and reports a missing path", async () => {
    for (const path of ["/f/a", "/f/b"]) {
      assert.equal((await run("mkdir", "-p", "/f")).code, 0);
      for (let version = 1; version <= 3; version += 1) assert.equal((await put(10, path)).code, 0);
    }
    assert.deepEqual(await json("versions", "prune", "/f", "--keep", "2"), { removed: 2, bytes: 20, dry_run: false });
    assert.match(
      (await run("df")).stdout,
      /^Old versions do not count against the quota\. .*can take up [\d.]+ MiB\.$/m,
    );
    assert.match(
      (await run("versions", "prune", "/f", "--keep", "2")).stdout,
      /^Nothing to delete: files in \/f have no/,
    );
    for (const [args, code, words] of [
      [["/f/a"], 2, /--keep N/],
      [["/f/a", "--keep", "0"], 2, /whole number of at least 1/],
      [["/missing", "--keep", "1"], 4, /There is no \/missing/],
    ] as [string[], number, RegExp][]) {
      const ran = await run("versions", "prune", ...args);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, words);
    }
  });

  test("is pruned once for a repeated request, only by its owner, and with an audit entry", async () => {
    const { id } = (await api.call("GET", "/metadata?path=/f/a")).body;
    const prune = (as: Api, key: string, body: object) =>
      as.call("POST", `/files/${id}/versions/prune`, body, { headers: { "idempotency-key": key } });
    const first = await prune(api, "a key", { keep: 1 });
    assert.deepEqual([first.status, first.body], [200, { removed: 1, bytes: 10 }]);
    assert.equal((await put(10, "/f/a")).code, 0);
    assert.deepEqual((await prune(api, "a key", { keep: 1 })).body, first.body);
    assert.equal((await prune(api, "a key", { keep: 2 })).body.code, "operation_reused");
    assert.equal((await json("versions", "/f/a")).items.length, 2);
    assert.equal((await prune(api, "another", { keep: 0 })).body.field, "keep");
    const versions = async (query = "") => (await api.call("GET", `/files/${id}/versions${query}`)).body.items;
    const [newest, old] = await versions();
    assert.deepEqual(await versions(`?content_id=${old.content_id}`), [old]);
    assert.notEqual(newest.content_id, old.content_id);

    const shared = await api.call("POST", `/files/${id}/share`, { email: "admin@example.com", role: "editor" });
    assert.equal(shared.status, 201, JSON.stringify(shared.body));
    const admin = await Api.signIn(signedIn.server.url);
    const foreign = await prune(admin, "by an editor", { keep: 1 });
    assert.deepEqual([foreign.status, foreign.body.code], [403, "forbidden"]);
    const entry = await eventually("the audit has it", 20_000, async () => {
      const { items } = (await admin.call("GET", "/admin/audit")).body;
      return items.find((each: { action: string; node_ids?: string[] }) => {
        return each.action === "version.prune" && each.node_ids?.includes(id) === true;
      });
    });
    assert.deepEqual([entry.result, entry.count, entry.detail], ["ok", 1, { keep: 1 }]);
  });

  test("cannot be rewound or undone to pruned versions, and the command says so once", async () => {
    const write = async (text: string) => {
      writeFileSync(join(signedIn.folder, "local"), text);
      assert.equal((await run("put", join(signedIn.folder, "local"), "/note")).code, 0);
    };
    await write("old");
    const moment = new Date(Date.now() + 1).toISOString();
    await write("newer");
    const written = await json("ls", "/note");
    const prune = async () => assert.equal((await run("versions", "prune", "/note", "--keep", "1", "--yes")).code, 0);
    const reverted = await json("rewind", "/note", "--to", moment);
    assert.equal(reverted.reverted, 1);
    await prune();
    const undone = await run("rewind", "undo", reverted.rewind_id);
    const why = "(its version from that time is no longer stored)";
    assert.equal(undone.stdout.split("\n").slice(0, 2).join("\n"), `not changed: /note ${why}\n1 item not changed`);
    assert.doesNotMatch(undone.stdout, /iB restored|\d B restored|old content/);
    await write("newest");
    await prune();
    const dated = await json("ls", "/note");
    const { stdout } = await run("rewind", "/note", "--to", moment);
    assert.match(stdout, /^not changed: \/note .*no longer stored\)\n1 item not changed\n/);
    assert.doesNotMatch(stdout, /old time/);
    assert.deepEqual(await json("ls", "/note"), dated);
    assert.notDeepEqual(dated, written);
    assert.equal((await run("rm", "--permanent", "--yes", "/note")).code, 0);
  });

  test("advises emptying the trash only while that would free space", async () => {
    assert.equal((await run("rm", "/my film")).code, 0);
    const full = await put(900_000, "/another");
    assert.equal(full.code, 6);
    assert.match(full.stderr, /'holdfast trash empty'/);
    assert.match((await run("df")).stdout, /^To free up space: holdfast trash empty$/m);
    assert.equal((await run("trash", "empty", "--yes")).code, 0);
    assert.equal((await put(900_000, "/another")).code, 0);
    const over = await put(900_000, "/third");
    assert.match(over.stderr, /This needs .* free in your quota\. The trash is empty: delete files/);
    assert.match((await run("df")).stdout, /^To free up space: delete files, then: holdfast trash empty$/m);
  });
});
