import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import {
  Api,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

/** Default limit of most systems, which Node raises if permitted. */
const descriptorsMax = 1024;
const foldersCount = 1500;
const linux = process.platform === "linux";

describe("A get with few file descriptors", { skip: linux ? false : "holds no folders on this system" }, () => {
  let folder: string;
  let server: RunningServer;
  let env: Record<string, string>;

  before(async () => {
    folder = makeFolder("many-folders");
    server = await startServer({ dataFolder: `${folder}/data` });
    const api = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: `${folder}/config`, HOLDFAST_SERVER: server.url, HOLDFAST_TOKEN: api.token ?? "" };
    for (let index = 0; index < foldersCount; index += 1) {
      mkdirSync(`${folder}/tree/${index}`, { recursive: true });
      writeFileSync(`${folder}/tree/${index}/file`, `content ${index}`);
    }
    const put = await holdfast(["put", `${folder}/tree`, "/tree"], { env });
    assert.equal(put.code, 0, put.stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("fetches a tree with more folders than it may open", async () => {
    await getWithFew(`${folder}/got`);
    for (let index = 0; index < foldersCount; index += 1) {
      assert.equal(readFileSync(`${folder}/got/${index}/file`, "utf8"), `content ${index}`);
    }
  });

  async function getWithFew(target: string): Promise<void> {
    const script = `ulimit -n ${descriptorsMax} && exec "$@"`;
    const args = ["-c", script, "sh", launcher, "get", "/tree", target, "--quiet"];
    const child = spawn("/bin/sh", args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    const exited = once(child, "exit");
    const stderr = await text(child.stderr);
    const [code] = (await exited) as [number | null];
    assert.equal(code, 0, stderr.slice(0, 2000));
  }
});
