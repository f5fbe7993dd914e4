import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { archiveNames } from "@holdfast/protocol/archive-documents";
import { administrator, Api, eventually, ok } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { makeSampleTree, treeOf } from "../archive/testing-sample-tree.ts";
import { useSignedIn } from "./testing-signed-in.ts";

const python = spawnSync("python3", ["--version"]).status === 0;

describe("holdfast export", () => {
  const signedIn = useSignedIn("export-command");
  const { run, json, folder } = signedIn;
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const sample = join(folder, "sample");

  before(async () => {
    makeSampleTree(sample);
    await done("put", sample, "/sample");
    for (const text of ["one\n", "two\n", "three\n"]) {
      writeFileSync(join(folder, "f"), text);
      await done("put", join(folder, "f"), "/history.txt");
    }
    await done("versions", "label", "/history.txt", "2", "as sent");
    writeFileSync(join(folder, "f"), "thrown away\n");
    await done("put", join(folder, "f"), "/old.txt");
    await done("rm", "/old.txt");
    await done("star", "/history.txt");
    await done("comment", "/history.txt", "Who wrote this?");
  });

  test("writes a tar that tar unpacks to the same tree", async () => {
    const file = join(folder, "whole.tar");
    assert.match(await done("export", file), /^exported to .*whole\.tar: \d+ files, folders and versions, /);
    assert.equal(lstatSync(file).mode & 0o777, 0o600);
    const out = join(folder, "unpacked");
    mkdirSync(out);
    execFileSync("tar", ["-xpf", file, "-C", out]);
    assert.deepEqual(treeOf(join(out, "files", "sample")), treeOf(sample));
    assert.deepEqual(readdirSync(join(out, "files")).toSorted(), ["history.txt", "sample"]);
    const tops = new Set(Object.values(archiveNames).map((name) => name.split("/")[0]));
    assert.deepEqual(new Set(readdirSync(out)), new Set([...tops, "files", "versions"]));
    const contents = documentOf(out, "contents");
    const history = documentOf(out, "nodes").find(({ path }) => path === "/history.txt");
    const versions = documentOf(out, "versions").filter(({ node_id: id }) => id === history.id);
    const texts = versions.map(({ content_id: id }) => {
      const { entry } = contents.find((content) => content.content_id === id);
      return readFileSync(join(out, entry), "utf8");
    });
    assert.deepEqual(texts, ["one\n", "two\n", "three\n"]);
    assert.deepEqual(
      versions.map(({ label }) => label),
      [null, "as sent", null],
    );
    const trashed = documentOf(out, "nodes").filter((node) => node.in_trash);
    assert.deepEqual(
      trashed.map(({ path }) => path),
      ["old.txt"],
    );
    const { entry } = contents.find(({ content_id: id }) => id === trashed[0].content_id);
    assert.equal(readFileSync(join(out, entry), "utf8"), "thrown away\n");
    assert.deepEqual(
      documentOf(out, "comments").map(({ text }) => text),
      ["Who wrote this?"],
    );
    assert.equal(documentOf(out, "stars").length, 1);
    const sums = readFileSync(join(out, "manifest.jsonl"), "utf8").trimEnd().split("\n");
    for (const { path, size, sha256 } of sums.map((line) => JSON.parse(line))) {
      const bytes = readFileSync(join(out, path));
      assert.deepEqual([bytes.length, createHash("sha256").update(bytes).digest("hex")], [size, sha256], path);
    }
    assert.deepEqual(readdirSync(join(signedIn.data, "exports")), []);
  });

  test("writes a tar that Python reads", { skip: !python && "python3 is missing" }, async () => {
    const file = join(folder, "foreign.tar");
    await done("export", file);
    const script = "import tarfile,sys\nfor m in tarfile.open(sys.argv[1]): print(m.type.decode(), m.size, m.name)";
    const listed = execFileSync("python3", ["-c", script, file], { encoding: "utf8" });
    for (const name of readdirSync(sample)) assert.ok(listed.includes(`files/sample/${name}`), name);
  });

  test("without versions contains only the newest of each file", async () => {
    const out = join(folder, "newest");
    mkdirSync(out);
    await done("export", "--no-versions", join(folder, "newest.tar"));
    execFileSync("tar", ["-xf", join(folder, "newest.tar"), "-C", out]);
    assert.equal(readFileSync(join(out, "files/history.txt"), "utf8"), "three\n");
    const versions = documentOf(out, "versions").map(({ node_id: id }) => id);
    assert.equal(new Set(versions).size, versions.length);
  });

  test("replaces a file only if told to, and rejects a folder as its target", async () => {
    const file = join(folder, "there.tar");
    writeFileSync(file, "mine");
    const refused = await run(["export", file]);
    assert.equal(refused.code, 5, refused.stderr);
    assert.equal(readFileSync(file, "utf8"), "mine");
    await done("export", "--overwrite", file);
    assert.notEqual(readFileSync(file, "utf8").length, 4);
    const to = await run(["export", "--overwrite", folder]);
    assert.equal(to.code, 5, to.stderr);
    assert.deepEqual(partsIn(folder), []);
  });

  longTest("writes to standard output, and reports its result as JSON", async () => {
    const { stdout } = await run(["export", "-"]);
    assert.ok(stdout.includes("holdfast-archive.json"));
    const told = await json("export", join(folder, "told.tar"));
    assert.deepEqual(told.omissions, []);
    assert.equal((await run(["export", "-", "--json"])).code, 2);
  });

  test("describes shares and links, names items of others without their content, and contains no secret", async () => {
    const api = await Api.signIn(signedIn.server.url);
    const other = { email: "other@example.com", password: "what the other one says" };
    await ok(api, "POST", "/admin/users", other);
    const otherApi = await Api.signIn(signedIn.server.url, other);
    const mkdir = async (who: Api, path: string) => (await ok(who, "POST", "/metadata", { path, kind: "folder" })).id;
    const [given, got] = [await mkdir(api, "/given"), await mkdir(otherApi, "/got")];
    await otherApi.put("/got/letter.txt", "a letter of the other one");
    await ok(api, "POST", `/files/${given}/share`, { email: other.email, role: "viewer" });
    const link = await ok(api, "POST", `/files/${given}/share`, { link: true, role: "viewer" });
    const secret = link.url.split(/[/#]/).at(-1);
    await ok(otherApi, "POST", `/files/${got}/share`, { email: administrator.email, role: "viewer" });
    // A share reaches the shard of the person it is given to by a queue.
    await eventually("the share is listed", 60_000, async () =>
      (await ok(api, "GET", "/shared-with-me")).items.length > 0 ? true : undefined,
    );
    const request = { name: "camera", scopes: ["files:read"], folder_id: given, password: administrator.password };
    const { app_password: app } = await ok(api, "POST", "/tokens/app-passwords", request);
    const out = join(folder, "shares");
    mkdirSync(out);
    await done("export", join(folder, "shares.tar"));
    execFileSync("tar", ["-xf", join(folder, "shares.tar"), "-C", out]);
    const grantees = (name: string) => documentOf(out, name).map(({ grantee }) => [grantee.kind, grantee.email]);
    assert.deepEqual(grantees("shares"), [["user", other.email]]);
    assert.deepEqual(grantees("links"), [["link", undefined]]);
    assert.deepEqual(
      documentOf(out, "shared-with-me").map(({ name, owner }) => [name, owner.email ?? owner.name]),
      [["got", other.email]],
    );
    const whole = readFileSync(join(folder, "shares.tar"));
    assert.ok(secret.length > 20 && app.length > 20);
    for (const text of [secret, app, "a letter of the other one"]) assert.ok(!whole.includes(text), text);
  });

  test("reports a file that the server cannot read completely, and exports all others", async () => {
    for (const [name, sizeBytes] of [
      ["large.bin", 2_000_000],
      ["small.bin", 3000],
    ] as const) {
      writeFileSync(join(folder, "f"), randomBytes(sizeBytes));
      const known = new Set(packsIn(signedIn.data));
      await done("put", join(folder, "f"), `/${name}`);
      const [pack = "", ...more] = packsIn(signedIn.data).filter((path) => !known.has(path));
      assert.ok(more.length === 0 && pack !== "");
      writeFileSync(pack, Buffer.alloc(statSync(pack).size));
    }
    const { code, stdout, stderr } = await run(["export", join(folder, "damaged.tar"), "--json", "--quiet"]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /files\/large\.bin: damaged on the server/);
    assert.deepEqual(JSON.parse(stdout).omissions, [
      { entry: "files/large.bin", reason: "damaged" },
      { entry: "files/small.bin", reason: "damaged" },
    ]);
    const out = join(folder, "damaged");
    mkdirSync(out);
    execFileSync("tar", ["-xf", join(folder, "damaged.tar"), "-C", out]);
    assert.deepEqual(treeOf(join(out, "files", "sample")), treeOf(sample));
    assert.equal(readFileSync(join(out, "files/history.txt"), "utf8"), "three\n");
    assert.equal(statSync(join(out, "files/large.bin")).size, 2_000_000);
    assert.equal(statSync(join(out, "files/small.bin")).size, 3000);
  });

  test("requires the scopes of the account and of reading", async () => {
    const api = await Api.signIn(signedIn.server.url);
    for (const scopes of [["account"], ["files:read"], ["files:read", "files:write"]]) {
      const { body } = await api.call("POST", "/tokens", { name: "narrow", scopes });
      const narrow = new Api(signedIn.server.url, body.token);
      assert.equal((await narrow.call("GET", "/account/export")).status, 403, scopes.join());
    }
  });

  // oxlint-disable-next-line no-explicit-any -- each test knows the shape that it wants
  const documentOf = (out: string, name: string): any[] =>
    readFileSync(join(out, "documents", `${name}.jsonl`), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
});

function packsIn(data: string): string[] {
  const files = readdirSync(join(data, "store"), { recursive: true, withFileTypes: true });
  return files.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && path.includes("/objects/packs/") ? [path] : [];
  });
}

function partsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.includes("holdfast-part")) : [];
}
