import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { madeOnce, makeTestFolder, sweepTestFolders } from "./test-folder.ts";

const module = JSON.stringify(import.meta.resolve("./test-folder.ts"));
const isRoot = process.getuid?.() === 0;
const onlyRoot = { skip: !isRoot && "only root can become another user" };

function emptyParent(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), "holdfast-test-folder-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  // Like the system's temporary folder: public, with the sticky bit.
  chmodSync(parent, 0o1777);
  return parent;
}

async function startMaker(t: TestContext, parent: string, more = "") {
  const script = `
    import { makeTestFolder } from ${module};
    import { spawn } from "node:child_process";
    const folder = makeTestFolder(${JSON.stringify(parent)});
    ${more}
    console.log(folder);
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { lines: String(said).trim().split("\n"), kill };
}

test("leftovers of a killed run are removed by the next, with its processes; a running one is left alone", async (t) => {
  const parent = emptyParent(t);
  const sleeping = (options: string) => `
    for (const child of [spawn("sleep", ["600"], { detached: true, stdio: "ignore", ${options} })]) console.log(child.pid);`;
  const running = await startMaker(t, parent);
  const killed = [
    await startMaker(t, parent, sleeping("cwd: folder")),
    await startMaker(t, parent, sleeping('cwd: "/", env: { ...process.env, TMPDIR: folder }')),
  ];
  for (const { kill } of killed) await kill();
  await sweepTestFolders(parent);
  assert.deepEqual(
    readdirSync(parent),
    running.lines.map((path) => basename(path)),
  );
  for (const { lines } of killed) assert.ok(!existsSync(`/proc/${lines[0]}/exe`), "what ran there has ended");
});

test("a folder whose process has ended is removed, even if its pid was reused", async (t) => {
  const parent = emptyParent(t);
  const folder = makeTestFolder(parent);
  await sweepTestFolders(parent);
  assert.ok(existsSync(folder));
  const [, own, pid] = /^(holdfast-\d+)-(\d+)-/.exec(basename(folder)) ?? [];
  mkdirSync(join(parent, `${own}-${pid}-1-abcdef`));
  await sweepTestFolders(parent);
  assert.deepEqual(readdirSync(parent), [basename(folder)]);
});

test("leftovers of other users stay, whatever their names claim", onlyRoot, async (t) => {
  const parent = emptyParent(t);
  const other = 12_345;
  // Leftovers of killed runs of both users, and names of another user who wants to interfere.
  const names = [`holdfast-0-999999999-1-aaaaaa`, `holdfast-${other}-999999999-1-bbbbbb`];
  const foreign = [`holdfast-${other}-999999999-1-cccccc`, `holdfast-0-999999999-1-dddddd`];
  for (const name of [...names, ...foreign]) {
    mkdirSync(join(parent, name), { mode: 0o700 });
    writeFileSync(join(parent, name, "file"), "");
  }
  for (const name of [names[1], foreign[1]]) chownSync(join(parent, name ?? ""), other, other);
  const script = `import { sweepTestFolders } from ${module}; await sweepTestFolders(${JSON.stringify(parent)});`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    uid: other,
    gid: other,
    cwd: "/",
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(readdirSync(parent).toSorted(), [...names.slice(0, 1), ...foreign].toSorted());
  await sweepTestFolders(parent);
  assert.deepEqual(readdirSync(parent).toSorted(), foreign.toSorted());
});

test("a shared folder is made completely, once, by the first process", async () => {
  const name = `made-once-${process.pid}`;
  const make = async (folder: string) => {
    for (const file of ["a", "b", "c"]) {
      await new Promise(setImmediate);
      writeFileSync(join(folder, file), "");
    }
  };
  const folders = await Promise.all([madeOnce(name, make), madeOnce(name, make), madeOnce(name, make)]);
  assert.equal(new Set(folders).size, 1);
  const [folder] = folders;
  assert.deepEqual(readdirSync(folder).toSorted(), ["a", "b", "c"]);
  assert.equal(await madeOnce(name, () => assert.fail("it is there")), folder);
  assert.deepEqual(
    readdirSync(join(folder, "..")).filter((each) => each.startsWith(name)),
    [name],
  );
  rmSync(folder, { recursive: true });
});
