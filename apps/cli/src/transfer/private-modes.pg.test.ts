import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { useSignedIn } from "../commands/testing-signed-in.ts";

describe("Private modes", () => {
  const { folder: home, run, json } = useSignedIn("private-modes");

  test("private files and folders stay private through put and get, including the folder itself", async () => {
    const [here, back] = [join(home, "private"), join(home, "private-back")];
    const modes = (folder: string) =>
      ["", "keys", "keys/id", "keys/large", "run", "open"].map((path) => statSync(join(folder, path)).mode & 0o777);
    mkdirSync(join(here, "keys"), { recursive: true });
    for (const name of ["keys/id", "run", "open"]) writeFileSync(join(here, name), name);
    writeFileSync(join(here, "keys/large"), createHash("shake256", { outputLength: 9_000_000 }).digest());
    for (const name of ["keys/id", "keys/large"]) chmodSync(join(here, name), 0o600);
    for (const name of ["", "keys", "run"]) chmodSync(join(here, name), 0o700);
    await json("put", here, "/private");
    await json("get", "/private", back);
    const private_ = [0o700, 0o700, 0o600, 0o600, 0o700, 0o644];
    assert.deepEqual([modes(here), modes(back)], [private_, private_]);
    assert.deepEqual((await json("put", here, "/private")).attributes_set, 0);
  });

  test("put removes rights and never adds any; get keeps the rights of an existing file", async () => {
    const [here, back] = [join(home, "closing"), join(home, "closing-back")];
    mkdirSync(join(here, "folder"), { recursive: true });
    writeFileSync(join(here, "file"), "file");
    const isPrivate = async (): Promise<unknown> =>
      (await json("ls", "/closing")).items.map((item: { private: boolean }) => item.private);
    await json("put", here, "/closing");
    await json("get", "/closing", back);
    assert.deepEqual(await isPrivate(), [false, false]);
    chmodSync(join(here, "file"), 0o600);
    for (const folder of [here, join(here, "folder")]) chmodSync(folder, 0o700);
    const previewed = await json("put", here, "/closing", "--dry-run");
    const sent = await json("put", here, "/closing");
    assert.deepEqual([previewed.attributes_set, sent.attributes_set, await isPrivate()], [3, 3, [true, true]]);
    const closing = (await json("ls", "/")).items.find((item: { name: string }) => item.name === "closing");
    assert.equal(closing.private, true);
    chmodSync(join(here, "file"), 0o644);
    chmodSync(join(here, "folder"), 0o755);
    writeFileSync(join(here, "file"), "edited");
    await json("put", here, "/closing");
    assert.deepEqual(await isPrivate(), [true, true]);
    chmodSync(join(back, "file"), 0o640);
    await json("get", "/closing", back);
    assert.deepEqual(
      ["file", "folder"].map((name) => statSync(join(back, name)).mode & 0o777),
      [0o640, 0o755],
    );
  });

  test("items below a private folder are created private, by get alone and as a sync's new root", async () => {
    const here = join(home, "sealed");
    mkdirSync(join(here, "inner/deep"), { recursive: true });
    for (const name of ["inner/file", "inner/deep/open"]) writeFileSync(join(here, name), name);
    chmodSync(here, 0o700);
    await json("put", here, "/sealed");
    const created = async (name: string, ...command: [string, ...string[]]) => {
      const at = join(home, name);
      const { code, stderr } = await run(command.map((word) => (word === "AT" ? at : word)));
      assert.equal(code, 0, stderr);
      return statSync(at).mode & 0o777;
    };
    assert.equal(await created("alone", "get", "/sealed/inner/file", "AT"), 0o600);
    const sealed = (await json("ls", "/")).items.find((item: { name: string }) => item.name === "sealed");
    assert.equal(await created("by-id", "get", `${sealed.id}/inner/file`, "AT"), 0o600);
    assert.equal(await created("deep", "get", "/sealed/inner/deep", "AT"), 0o700);
    assert.equal(statSync(join(home, "deep/open")).mode & 0o777, 0o644);
    const { items } = await json("ls", "/sealed/inner");
    const { id } = items.find(({ name }: { name: string }) => name === "file");
    await json("put", join(here, "inner/deep/open"), "/sealed/");
    for (const gone of ["/sealed/inner/file", "/sealed"]) await run(["rm", gone]);
    assert.equal(await created("trashed", "get", id, "AT"), 0o600);
    const trashed = (await json("trash", "ls")).items;
    for (const name of ["sealed", "file"]) {
      const item = trashed.find((each: { name: string }) => each.name === name);
      assert.equal((await run(["trash", "restore", item.id])).code, 0);
    }
    for (const [name, remote] of [
      ["whole", "/sealed"],
      ["below", "/sealed/inner/deep"],
    ] as const)
      assert.equal(await created(name, "sync", "AT", "--remote", remote, "--once"), 0o700);
    await json("put", join(here, "inner"), "/unsealed");
    assert.equal(await created("unsealed", "sync", "AT", "--remote", "/unsealed/deep", "--once"), 0o755);
    assert.equal(await created("unsealed-file", "get", "/unsealed/file", "AT"), 0o644);
  });
});
