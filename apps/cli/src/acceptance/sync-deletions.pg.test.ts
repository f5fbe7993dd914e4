import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import * as devices from "./sync-devices.ts";
import { type Device, inSync, once, run, status, tree, write } from "./sync-devices.ts";

const home = makeFolder("sync-deletions");
let server: RunningServer;
const makeDevice = (name: string): Promise<Device> => devices.makeDevice(home, server.url, name);

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
});

after(async () => {
  await server?.stop();
  removeFolder(home);
});

test("mass deletions wait, and exactly the approved ones are applied", async () => {
  const [ada, bob] = [await makeDevice("ada-brake"), await makeDevice("bob-brake")];
  mkdirSync(ada.root);
  for (let number = 0; number < 10; number += 1) write(ada, `${number}.txt`, `${number}`);
  await inSync(ada, "--remote", "/brake");
  await inSync(bob, "--remote", "/brake");
  for (let number = 0; number < 6; number += 1) rmSync(join(ada.root, `${number}.txt`));
  // Runs in a separate process, to check its exit code and that it exits.
  const held = await holdfast(["sync", ada.root, "--once", "--brake", "5"], { env: ada.env });
  assert.equal(held.code, 1);
  assert.match(held.stderr, /6 deletions wait for you.*--confirm-deletes/);
  assert.equal((await status(ada)).deletions_waiting, 6);
  const listed = JSON.parse((await run(ada, "deletes", "ls", ada.root, "--json")).stdout);
  assert.equal(listed.items.length, 6);
  await inSync(ada, "--confirm-deletes");
  await inSync(bob, "--brake", "off");
  assert.equal(Object.keys(tree(bob.root)).length, 4);
  // The brake setting is stored, and each start reports it until it is on again.
  const off = /^sync: the brake is off, so deletions and mass rewrites never wait .* --brake on$/m;
  assert.match((await once(bob)).stderr, off);
  assert.match((await run(bob, "status", bob.root)).stdout, /^ {2}the brake is off, .* --brake on$/m);
  assert.doesNotMatch((await once(bob, "--brake", "on")).stderr, off);
  assert.doesNotMatch((await once(bob)).stderr, off);
});

longTest("a dry run shows the deletions that would wait, and applies approvals like the run after it", async () => {
  const [ada, bob] = [await makeDevice("ada-foreseen"), await makeDevice("bob-foreseen")];
  mkdirSync(join(ada.root, "many"), { recursive: true });
  for (let number = 0; number < 6; number += 1) write(ada, `many/${number}.txt`, `${number}`);
  await inSync(ada, "--remote", "/foreseen", "--brake", "5");
  await inSync(bob, "--remote", "/foreseen");
  rmSync(join(ada.root, "many"), { recursive: true });
  write(ada, "new.txt", "new");
  const dry = (...args: string[]) => run(ada, "sync", ada.root, "--dry-run", ...args);
  const foreseen = await dry();
  assert.match(
    foreseen.stdout,
    /^waiting for you: many\/: 6 files and 1 folder \(6 B\) would be deleted on the server$/m,
  );
  assert.match(foreseen.stdout, /^1 change: 3 B to upload, and 7 deletions that would wait for you\.$/m);
  assert.equal((await once(ada)).code, 1);
  const waiting = JSON.parse((await dry("--json")).stdout);
  assert.deepEqual([waiting.items, waiting.waiting.length], [[], 7]);
  const approved = await dry("--confirm-deletes");
  assert.equal(approved.stdout, "on the server: delete many, with 6 files\n1 change.\n");
  await inSync(bob);
  assert.equal(Object.keys(tree(bob.root)).length, 8, "nothing was done");
});

test("waiting deletions are answered without a running client, and an undo replaces an approval", async () => {
  const [ada, bob] = [await makeDevice("ada-stopped"), await makeDevice("bob-stopped")];
  mkdirSync(ada.root);
  for (let number = 0; number < 12; number += 1) write(ada, `${number}.txt`, `${number}`);
  await inSync(ada, "--remote", "/stopped", "--brake", "5");
  await inSync(bob, "--remote", "/stopped");
  const waitsFor = async (from: number) => {
    for (let number = from; number < from + 6; number += 1) rmSync(join(ada.root, `${number}.txt`));
    assert.match((await once(ada)).stderr, /6 deletions wait for you/);
    await run(ada, "deletes", "ls");
  };
  const results = {
    approve: { past: "approved", next: "deleted", each: "deleted on the server" },
    undo: { past: "undone", next: "restored", each: "restored here" },
  };
  const answer = async (what: keyof typeof results) => {
    const { past, next, each } = results[what];
    const { code, stdout, stderr } = await run(ada, "deletes", what);
    const line = `6 deletions ${past}; ${next} at the next sync`;
    assert.deepEqual([code, stdout], [0, `${ada.root}: ${line}\n`], stderr);
    assert.match(stderr, /not running\. The next run applies the answer: holdfast sync /);
    const { deletions_waiting, deletions_approved, deletions_undone } = await status(ada);
    const counts = what === "approve" ? [6, undefined] : [undefined, 6];
    assert.deepEqual([deletions_waiting, deletions_approved, deletions_undone], [0, ...counts]);
    const shown = await run(ada, "status");
    assert.ok(shown.stdout.includes(`\n  ${line}: 'holdfast deletes' shows them\n`), shown.stdout);
    assert.equal((await run(ada, "deletes", what)).code, 1, "it means nothing a second time");
    const listed = await run(ada, "deletes");
    const folder = new RegExp(
      `^${ada.root}\n  the top folder: 6 files \\(\\d+ B\\) ${past}; ${each} at the next sync\n$`,
    );
    assert.match(listed.stdout, folder);
    assert.match(listed.stderr, /applies the answer: /);
    assert.equal(
      listed.stderr.includes("To undo the approval before that: holdfast deletes undo."),
      what === "approve",
    );
    const { items, answered } = JSON.parse((await run(ada, "deletes", "--json")).stdout);
    assert.deepEqual(
      [items, answered.map((one: { answer: string; what: string }) => `${one.answer} ${one.what}`)],
      [[], Array.from({ length: 6 }, () => `${what} deletion`)],
    );
    const { stdout: log } = await run(ada, "log", ada.root, "--last", "1");
    assert.match(log, / (undone|approved): 6 deletions that waited: the top folder: 6 files \(\d+ B\)\n$/);
  };
  await waitsFor(0);
  await answer("undo");
  assert.equal(Object.keys(tree(ada.root)).length, 6, "until a run nothing is done");
  await inSync(ada);
  await inSync(bob);
  const restored = () => {
    for (const { root } of [ada, bob]) assert.equal(Object.keys(tree(root)).length, 12);
  };
  restored();
  await waitsFor(6);
  await answer("approve");
  await answer("undo");
  await inSync(ada);
  await inSync(bob);
  restored();
  await waitsFor(6);
  await answer("approve");
  await inSync(ada);
  await inSync(bob);
  for (const { root } of [ada, bob])
    assert.deepEqual(Object.keys(tree(root)).toSorted(), ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt", "5.txt"]);
});

test("a folder moved to another disk and replaced by a link waits, and returns unchanged", async () => {
  const [ada, bob] = [await makeDevice("ada-replaced"), await makeDevice("bob-replaced")];
  mkdirSync(join(ada.root, "photos"), { recursive: true });
  for (const name of ["1", "2"]) write(ada, `photos/${name}`, name);
  await inSync(ada, "--remote", "/replaced");
  await inSync(bob, "--remote", "/replaced");
  const listed = async () => JSON.parse((await run(ada, "ls", "/replaced/photos", "--json")).stdout).items;
  const original = await listed();
  renameSync(join(ada.root, "photos"), join(home, "photos on another disk"));
  symlinkSync(join(home, "photos on another disk"), join(ada.root, "photos"));
  assert.equal((await once(ada)).code, 1);
  const { problems, deletions_waiting } = await status(ada);
  assert.deepEqual(
    [deletions_waiting, problems.map(({ code, path }: { code: string; path: string }) => `${code} ${path}`)],
    [3, ["not_running ", "replaced photos"]],
  );
  assert.match(
    (await run(ada, "deletes", ada.root)).stdout,
    / photos\/: 2 files and 1 folder \(2 B\) would be deleted on the server; replaced here by a link or file\n$/u,
  );
  await inSync(bob);
  assert.equal((await run(ada, "deletes", "undo")).code, 0);
  await inSync(ada);
  await inSync(bob);
  assert.deepEqual(await listed(), original);
  for (const { root } of [ada, bob]) assert.deepEqual([tree(root)["photos/1"], tree(root)["photos/2"]], ["1", "2"]);
});
