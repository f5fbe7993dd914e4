import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  Api,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

const swapper = `
  const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
  const [folder, elsewhere] = process.argv.slice(1);
  const attempt = (step) => {
    try {
      step();
    } catch (failure) {
      // Items that get makes there meanwhile are sometimes in the way; any other failure is a fault of this test.
      if (!["EEXIST", "ENOENT", "ENOTEMPTY", "EISDIR", "EPERM", "ENOTDIR"].includes(failure.code)) throw failure;
    }
  };
  const swap = () => {
    attempt(() => renameSync(folder, folder + ".away"));
    attempt(() => symlinkSync(elsewhere, folder));
    attempt(() => unlinkSync(folder));
    attempt(() => renameSync(folder + ".away", folder));
    setImmediate(swap);
  };
  process.stdin.on("end", () => process.exit(0)).resume();
  process.stdout.write("ready");
  swap();
`;

/** Invariant: nothing is written, or given other attributes, through a link that replaces a folder during get. */
describe("A folder swapped for a link during get", () => {
  let folder: string;
  let server: RunningServer;
  let env: Record<string, string>;

  before(async () => {
    folder = makeFolder("swapped");
    server = await startServer({ dataFolder: `${folder}/data` });
    const api = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: `${folder}/config`, HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: api.token ?? "" };
    mkdirSync(`${folder}/tree/inner/deep`, { recursive: true });
    for (let index = 0; index < 1500; index += 1) {
      writeFileSync(`${folder}/tree/inner/deep/file-${index}`, `content ${index}`);
      writeFileSync(`${folder}/tree/inner/file-${index}`, `content ${index}`);
    }
    const put = await holdfast(["put", `${folder}/tree`, "/tree"], { env });
    assert.equal(put.code, 0, put.stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  for (const swapped of ["", "inner", "inner/deep"]) {
    test(`is not followed: ${swapped === "" ? "the target itself" : swapped}`, async () => {
      const target = join(folder, `got-${swapped.replace("/", "-")}`);
      const elsewhere = join(folder, `elsewhere-${swapped.replace("/", "-")}`);
      mkdirSync(join(target, "inner/deep"), { recursive: true });
      // Same folders as in the target, so that every path exists.
      mkdirSync(join(elsewhere, "inner/deep"), { recursive: true });
      mkdirSync(join(elsewhere, "deep"), { recursive: true });
      const child = spawn(process.execPath, ["-e", swapper, join(target, swapped), elsewhere], { stdio: "pipe" });
      const exited = once(child, "exit");
      await once(child.stdout, "data");
      try {
        const got = await holdfast(["get", "/tree", target, "--quiet"], { env });
        assert.ok(got.code === 0 || got.code === 1 || got.code === 5, `${got.code}: ${got.stderr.slice(0, 2000)}`);
      } finally {
        child.stdin.end();
        await exited;
      }
      const found = readdirSync(elsewhere, { recursive: true }).map(String);
      assert.deepEqual([found.length, found.toSorted().slice(0, 3)], [3, ["deep", "inner", "inner/deep"]]);
    });
  }
});
