import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { startCodecPool } from "@holdfast/codec/pool";
import { linux, type Native, SystemCallError } from "@holdfast/disk/native";
import { partsOf } from "@holdfast/sync-ports/local-disk-conformance";
import { requireComponent } from "@holdfast/tools/components";
import { openSyncedFolder } from "./open-synced-folder.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-kept-rights-"));
const pool = startCodecPool({ threads: 1 });
after(async () => {
  await pool.close();
  rmSync(home, { recursive: true });
});

const parts = partsOf(Buffer.from("new"));
const aclName = "system.posix_acl_access";
const denied = 13;
const unsupported = 95;

function makeScene() {
  const root = mkdtempSync(join(home, "root-"));
  const old = join(root, "old");
  writeFileSync(old, "old");
  let made = 0;
  const replace = async (native: Partial<Native> = {}, executable = false): Promise<string> => {
    const name = `new ${(made += 1)}`;
    const disk = openSyncedFolder(root, { pool, native: { ...linux(), ...native } });
    await disk.create(name, parts, { mtimeNs: undefined, executable, attributesFrom: "old" });
    assert.equal(readFileSync(join(root, name), "utf8"), "new");
    return join(root, name);
  };
  return { root, old, replace };
}

const run = (program: string, ...words: string[]): string => execFileSync(program, words, { encoding: "utf8" });
const aclOf = (path: string): string => run("getfacl", "--omit-header", "--numeric", "--absolute-names", path).trim();
const bitsOf = (path: string): number => statSync(path).mode & 0o777;
const textOf = (name: Uint8Array): string => Buffer.from(name).toString().replace("\0", "");

const failing = (errno: number) => (): never => {
  throw new SystemCallError("test", errno);
};

function withoutAcls(...calls: ("getAttribute" | "setAttribute" | "removeAttribute")[]): Partial<Native> {
  const fail = failing(denied);
  return {
    ...(calls.includes("getAttribute") && {
      getAttribute: (file, name) => (textOf(name) === aclName ? fail() : linux().getAttribute(file, name)),
    }),
    ...(calls.includes("setAttribute") && {
      setAttribute: (file, name, value) =>
        textOf(name) === aclName ? fail() : linux().setAttribute(file, name, value),
    }),
    ...(calls.includes("removeAttribute") && { removeAttribute: fail }),
  };
}

function hasAcls(t: TestContext, path: string): boolean {
  if (!requireComponent(t, "setfacl") || !requireComponent(t, "getfacl")) return false;
  try {
    run("setfacl", "--modify", "user:1234:rw", path);
    return true;
  } catch {
    t.skip("the filesystem has no ACLs");
    return false;
  }
}

function hasAttributes(t: TestContext, path: string): boolean {
  if (!requireComponent(t, "setfattr") || !requireComponent(t, "getfattr")) return false;
  try {
    run("setfattr", "--name", "user.probe", "--value", "1", path);
    return true;
  } catch {
    t.skip("the filesystem has no attributes of users");
    return false;
  }
}

test("a file that replaces one with an ACL has the same ACL, and its group gains no right", async (t) => {
  const { old, replace } = makeScene();
  chmodSync(old, 0o640);
  if (!hasAcls(t, old)) return;
  assert.equal(bitsOf(old), 0o660, "the mask shows as the rights of the group");
  const list = ["user::rw-", "user:1234:rw-", "group::r--", "mask::rw-", "other::---"];
  assert.equal(aclOf(await replace()), list.join("\n"));
  const started = aclOf(await replace({}, true)).split("\n");
  assert.deepEqual(started.slice(1), ["user:1234:rw-", "group::r--", "mask::rwx", "other::---"]);
});

test("if the ACL cannot be set, the mode gives no right that the ACL denies", async (t) => {
  const { old, replace } = makeScene();
  chmodSync(old, 0o644);
  if (!hasAcls(t, old)) return;
  const native = withoutAcls("setAttribute");
  assert.equal(bitsOf(await replace(native)), 0o644, "the right of one person to write is the group's by no means");
  run("setfacl", "--modify", "user:1234:-", old);
  assert.equal(bitsOf(await replace(native)), 0o600, "whom it names would be one of the group, or of the others");
  assert.equal(bitsOf(await replace(withoutAcls("getAttribute"))), 0o600, "nor where it cannot be read");
});

test("a default ACL of the folder is not kept on a file that replaces one without", async (t) => {
  const { root, old, replace } = makeScene();
  if (!hasAcls(t, old)) return;
  run("setfacl", "--remove-all", old);
  chmodSync(old, 0o640);
  run("setfacl", "--default", "--modify", "user:1234:rwx", root);
  writeFileSync(join(root, "plain"), "");
  assert.match(aclOf(join(root, "plain")), /user:1234/, "else the folder gives none");
  assert.equal(aclOf(await replace()), "user::rw-\ngroup::r--\nother::---");
  assert.equal(bitsOf(await replace(withoutAcls("removeAttribute"))), 0o600, "one that stays is masked");
});

test("user attributes are copied, byte by byte", async (t) => {
  const { old, replace } = makeScene();
  if (!hasAttributes(t, old)) return;
  run("setfattr", "--name", "user.tags", "--value", "0x00ff0a20c3", old);
  run("setfattr", "--name", "user.näme with spaces", "--value", "", old);
  chmodSync(old, 0o440);
  const rightsOf = (path: string) =>
    run("getfattr", "--dump", "--absolute-names", "--encoding=hex", path).split("\n").slice(1);
  assert.equal(rightsOf(old).filter((line) => line.startsWith("user.")).length, 3);
  const path = await replace();
  assert.deepEqual(rightsOf(path), rightsOf(old));
  assert.equal(bitsOf(path), 0o440);
  for (const call of ["attributeNames", "getAttribute", "setAttribute"] as const) {
    const without = await replace({ [call]: failing(unsupported) });
    assert.equal(bitsOf(without) & 0o077 & ~bitsOf(old), 0, call);
  }
});

test("at most one MiB of attributes is copied, and only user attributes", async () => {
  const { old, replace } = makeScene();
  chmodSync(old, 0o600);
  const set: string[] = [];
  const names = ["security.a", "trusted.a", "users.a", ...Array.from({ length: 20 }, (_, index) => `user.${index}`)];
  await replace({
    attributeNames: () => names.map((name) => Buffer.from(`${name}\0`)),
    getAttribute: (_, name) => (textOf(name) === aclName ? undefined : new Uint8Array(65_536)),
    setAttribute: (_, name) => void set.push(textOf(name)),
  });
  assert.deepEqual(set, names.slice(3, 19));
});

test("a folder in place of the file passes on nothing", async () => {
  const { root, old } = makeScene();
  rmSync(old);
  mkdirSync(old);
  const disk = openSyncedFolder(root, { pool });
  await disk.create("new", parts, { mtimeNs: undefined, executable: false, attributesFrom: "old" });
  assert.equal(bitsOf(join(root, "new")), 0o600);
});
