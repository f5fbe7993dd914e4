import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

describe("holdfast versions", () => {
  let folder: string;
  let server: RunningServer;
  const run = (args: string[], input?: string) =>
    holdfast(args, { env: { HOLDFAST_CONFIG_DIR: `${folder}/config` }, ...(input === undefined ? {} : { input }) });
  const json = async (...args: string[]) => {
    const { stdout, stderr } = await run([...args, "--json"]);
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout);
  };
  const putAll = async (path: string, contents: (string | Uint8Array)[]) => {
    const local = mkdtempSync(join(folder, "local-"));
    for (const content of contents) {
      writeFileSync(join(local, "f"), content);
      const put = await run(["put", join(local, "f"), path]);
      assert.equal(put.code, 0, put.stderr);
    }
    rmSync(local, { recursive: true });
  };

  before(async () => {
    folder = makeFolder("versions-command");
    server = await startServer({ dataFolder: `${folder}/data` });
    const { email, password } = administrator;
    const login = await run(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`);
    assert.equal(login.code, 0, login.stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("shows who made each and what it is called", async () => {
    await putAll("/a", ["one\n", "two\n"]);
    const { name } = await json("whoami");
    const labelled = await run(["versions", "label", "/a", "1", "as sent"]);
    assert.deepEqual([labelled.code, labelled.stdout], [0, "version 1 of /a is labelled: as sent\n"], labelled.stderr);
    const lines = (await run(["versions", "/a"])).stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", new RegExp(`^2  4  \\S+ \\S+  ${name}$`));
    assert.match(lines[1] ?? "", new RegExp(`^1  4  \\S+ \\S+  ${name}  as sent$`));
    const { items } = await json("versions", "/a");
    assert.deepEqual(
      items.map((item: { label?: string; author: { name: string } }) => [item.label, item.author.name]),
      [
        [undefined, name],
        ["as sent", name],
      ],
    );
    assert.equal((await json("versions", "label", "/a", "1", "again")).label, "again");
    const removed = await run(["versions", "label", "/a", "1", "--remove"]);
    assert.deepEqual([removed.code, removed.stdout], [0, "version 1 of /a has no label\n"]);
    assert.ok(!("label" in (await json("versions", "/a")).items[1]));
  });

  test("label says what is wrong, and how it ends tells scripts", async () => {
    await putAll("/b", ["one\n"]);
    for (const [args, code] of [
      [["/b", "1"], 2],
      [["/b", "1", "x", "--remove"], 2],
      [["/b", "1", "  "], 2],
      [["/b", "first", "x"], 2],
      [["/b", "1", "x".repeat(300)], 2],
      [["/b", "7", "x"], 4],
      [["/missing", "1", "x"], 4],
      [["/", "1", "x"], 5],
    ] as [string[], number][]) {
      const ran = await run(["versions", "label", ...args]);
      assert.equal(ran.code, code, `${args.join(" ")}: ${ran.stderr}`);
      assert.match(ran.stderr, /^holdfast: /);
    }
  });
});
