import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { hashOf } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import {
  administrator,
  Api,
  type CommandResult,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** Invariant: normal use by anybody with the bytes heals lost blocks, even without any changed file. */
describe("Repair of lost blocks by clients", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("healing");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
    const { code, stderr } = await command("login", server.url, "--email", administrator.email, "--password-stdin");
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const environment = () => ({ HOLDFAST_CONFIG_DIR: join(folder, "config") });
  const command = (...args: string[]): Promise<CommandResult> =>
    holdfast(args, { env: environment(), input: `${administrator.password}\n` });

  async function damageAll(): Promise<void> {
    for (const pack of findPackFiles(join(folder, "data", "store")).values()) {
      const bytes = readFileSync(pack);
      // Overwrites instead of flipping bits, which would repair earlier flips.
      for (const { start } of readPackLayout(pack).records) randomBytes(8).copy(bytes, start + 3);
      writeFileSync(pack, bytes);
    }
    assert.equal((await command("admin", "scrub", "--now")).code, 1);
  }

  async function assertHealed(files: Readonly<Record<string, Buffer>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const { status, body } = await api.download(path);
      assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
      assert.ok(content.equals(body), `${path} has other bytes`);
    }
    const lacking = (await api.call("GET", "/damaged")).body.items.filter(
      (item: { files: unknown[] }) => item.files.length > 0,
    );
    assert.deepEqual(lacking, []);
    const { code, stdout } = await command("admin", "scrub", "--now");
    assert.equal(code, 0, stdout);
  }

  function write(tree: string, files: Readonly<Record<string, Buffer>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, tree), { recursive: true });
      writeFileSync(join(folder, tree, name), content);
    }
  }

  test("put of the same tree resends lost blocks of small and large files, whether in its journal or not", async () => {
    const files = { small: randomBytes(5000), other: randomBytes(300_000), large: randomBytes(9_000_000) };
    write("tree", files);
    const put = () => command("put", "--json", join(folder, "tree"), "/tree");
    assert.equal((await put()).code, 0);
    // Lets the journal record them: very recent changes are not recorded.
    assert.equal(JSON.parse((await put()).stdout).files_equal, 3);
    await damageAll();
    const { status, body } = await api.call("GET", "/damaged");
    assert.equal(status, 200);
    const listed = body.items.find(({ hash }: { hash: string }) => hash === hashOf(files.small));
    assert.equal(listed.size, 5000);
    assert.deepEqual(
      listed.files.map(({ path, version }: { path: string; version: number }) => ({ path, version })),
      [{ path: "/tree/small", version: 1 }],
    );
    const { stdout, code } = await put();
    assert.equal(code, 0);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.files_sent, report.files_equal, report.files_healed], [0, 3, 3]);
    await assertHealed(Object.fromEntries(Object.entries(files).map(([name, content]) => [`/tree/${name}`, content])));
    assert.equal(JSON.parse((await put()).stdout).files_healed, 0);
  });

  test("put of one damaged file repairs it and reports that", async () => {
    const content = randomBytes(5000);
    write("one", { file: content });
    const put = () => command("put", join(folder, "one", "file"), "/one-file");
    assert.equal((await put()).code, 0);
    await damageAll();
    const download = await api.download("/one-file");
    assert.equal(download.status, 500);
    assert.match(download.body.detail, /holdfast put/);
    const healed = await put();
    assert.match(healed.stdout, /1 already equal \(1 of them repaired on the server\)/);
    assert.deepEqual((await api.download("/one-file")).body, content);
    assert.equal((await command("put", join(folder, "tree"), "/tree")).code, 0);
    await assertHealed({ "/one-file": content });
  });

  test("a sync without the lost blocks downloads the rest, deletes nothing, and completes after a repair", async () => {
    const names = Array.from({ length: 9 }, (_, index) => `file ${index}`);
    const contents = Object.fromEntries(names.map((name) => [name, randomBytes(20_000)]));
    write("first", contents);
    const known = new Set(findPackFiles(join(folder, "data", "store")).keys());
    const sync = (device: string) => command("sync", join(folder, device), "--remote", "/devices", "--once", "--json");
    assert.equal((await sync("first")).code, 0);
    const made = [...findPackFiles(join(folder, "data", "store"))].filter(([id]) => !known.has(id));
    assert.equal(made.length, 1, "they are not in one pack");
    const { records } = readPackLayout(made[0]![1]);
    for (const index of [3, 4]) flipByte(made[0]![1], records[index]!.start + 30);

    const { code, stdout, stderr } = await sync("second");
    assert.equal(code, 1, stderr);
    const { problems } = JSON.parse(stdout);
    const lost: string[] = problems.map(({ path }: { path: string }) => path);
    assert.deepEqual(
      problems.map((problem: { code: string }) => problem.code),
      ["damaged", "damaged"],
    );
    const here = readdirSync(join(folder, "second")).filter((name) => name.startsWith("file"));
    assert.deepEqual([...here, ...lost].toSorted(), names);
    const { items } = (await api.call("GET", `/folders/${await api.idOf("/devices")}/contents`)).body;
    assert.deepEqual(items.map(({ name }: { name: string }) => name).toSorted(), names);

    assert.equal((await sync("first")).code, 0);
    assert.equal((await sync("second")).code, 0);
    for (const [name, content] of Object.entries(contents))
      assert.ok(content.equals(readFileSync(join(folder, "second", name))), name);
    assert.equal((await command("rm", "--permanent", "/devices")).code, 0);
    for (const device of ["first", "second"]) rmSync(join(folder, device), { recursive: true });
  });

  test("a sync resends lost blocks, with --once and while it runs", async () => {
    const files = { small: randomBytes(5000), large: randomBytes(9_000_000) };
    write("drive", files);
    const drive = join(folder, "drive");
    const sync = ["sync", drive, "--remote", "/drive"];
    assert.equal((await command(...sync, "--once")).code, 0);
    for (const path of ["/tree", "/one-file"]) assert.equal((await command("rm", "--permanent", path)).code, 0);
    await damageAll();
    assert.equal((await command(...sync, "--once")).code, 0);
    const healed = { "/drive/small": files.small, "/drive/large": files.large };
    for (const [path, content] of Object.entries(healed))
      assert.ok(content.equals((await api.download(path)).body), path);

    await damageAll();
    const running = spawn(launcher, sync, { env: { ...process.env, ...environment() }, stdio: "ignore" });
    const ended = once(running, "exit");
    try {
      await eventually("the running sync heals it", 60_000, async () => {
        const { body } = await api.call("GET", "/damaged");
        return body.items.every((item: { files: unknown[] }) => item.files.length === 0) ? true : undefined;
      });
    } finally {
      running.kill("SIGTERM");
      await ended;
    }
    for (const [path, content] of Object.entries(healed))
      assert.ok(content.equals((await api.download(path)).body), path);
    for (const [name, content] of Object.entries(files)) assert.ok(content.equals(readFileSync(join(drive, name))));
    const { code, stdout } = await command("admin", "scrub", "--now");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /no file uses it/, "the blocks of what was removed for good are not told");
    rmSync(drive, { recursive: true });
  });
});
