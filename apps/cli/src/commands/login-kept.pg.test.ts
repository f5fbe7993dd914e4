import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { after, before, test } from "node:test";
import {
  administrator,
  Api,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { mountSmallDisk, unmount } from "../acceptance/small-disk.ts";
import { runCommand } from "./testing-run.ts";

const home = makeFolder("login-kept");
let server: RunningServer;
let api: Api;

before(async () => {
  server = await startServer({ dataFolder: `${home}/data` });
  api = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  removeFolder(home);
});

function login(
  config: string,
  url = server.url,
  { password = `${administrator.password}\n`, args = ["--email", administrator.email, "--password-stdin"] } = {},
) {
  return runCommand({ HOME: home, HOLDFAST_CONFIG_DIR: config }, ["login", url, ...args], { input: password });
}

async function devices(): Promise<number> {
  return (await ok(api, "GET", "/devices")).items.length;
}

test("an unwritable configuration is reported before signing in", async () => {
  writeFileSync(`${home}/file`, "");
  const listed = await devices();
  const { code, stderr } = await login(`${home}/file/config`);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /The login cannot be saved here\. You were not signed in\. [^\n]*file/);
  assert.equal(await devices(), listed);
});

test("another login to the same server keeps the device's name, and a device without one gets the host's", async () => {
  const config = `${home}/named`;
  const args = ["--email", administrator.email, "--password-stdin"];
  const nameAfter = async (...more: string[]): Promise<string> => {
    const { code, stderr } = await login(config, server.url, { args: [...args, ...more] });
    assert.equal(code, 0, stderr);
    const { deviceId } = JSON.parse(readFileSync(`${config}/login.json`, "utf8"));
    const { items } = await ok(api, "GET", "/devices");
    return items.find(({ id }: { id: string }) => id === deviceId).name;
  };
  assert.equal(await nameAfter(), hostname());
  assert.equal(await nameAfter("--device-name", "workbench"), "workbench");
  assert.equal(await nameAfter(), "workbench");
  assert.equal(await nameAfter("--device-name", "bench"), "bench");
  const { deviceName, ...other } = JSON.parse(readFileSync(`${config}/login.json`, "utf8"));
  assert.equal(deviceName, "bench");
  writeFileSync(`${config}/login.json`, JSON.stringify({ ...other, deviceName, server: "http://127.0.0.1:9" }));
  assert.equal(await nameAfter(), hostname(), "a name is that of one server");
});

test("a full disk is reported before signing in", async (t) => {
  const disk = `${home}/full`;
  if (!mountSmallDisk(t, disk, 2 ** 20)) return;
  try {
    const { bsize, bavail } = statfsSync(disk);
    writeFileSync(`${disk}/ballast`, Buffer.alloc(bsize * (bavail - 1)));
    const listed = await devices();
    const { code, stderr } = await login(`${disk}/config`);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /You were not signed in\.[^]*full/);
    assert.equal(await devices(), listed);
  } finally {
    unmount(disk);
  }
});

test("a login that cannot be stored after all is signed out again", async () => {
  const config = `${home}/vanishing`;
  mkdirSync(config);
  // Proxy that replaces the folder by a file while the session is created.
  const front = createServer((incoming, outgoing) => {
    if (incoming.method === "POST" && incoming.url?.endsWith("/sessions") === true) {
      rmSync(config, { recursive: true });
      writeFileSync(config, "");
    }
    const { url: path, method, headers } = incoming;
    const on = request({ port: server.port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(on);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const listed = await devices();
  try {
    const { code, stderr } = await login(config, `http://127.0.0.1:${(front.address() as AddressInfo).port}`);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /The login cannot be saved here\. You were signed out again\./);
  } finally {
    front.close();
  }
  assert.equal(await devices(), listed);
});

test("missing arguments without a terminal are reported before the server is contacted", async () => {
  const nobody = "http://127.0.0.1:1";
  for (const [given, missing] of [
    [{ args: [] }, /Without a terminal, use --email ADDRESS and --password-stdin/],
    [{ args: ["--email", "a@example.org"] }, /Without a terminal, use --password-stdin/],
    [{ args: ["--email", "", "--password-stdin"] }, /address is empty/],
    [{ password: "" }, /Standard input has no password/],
    [{ args: ["--email", "a@example.org", "--password-stdin", "--device-name", " "] }, /--device-name/],
  ] as const) {
    const { code, stderr } = await login(`${home}/missing`, nobody, given as { args?: string[]; password?: string });
    assert.deepEqual([code, stderr.match(missing) !== null], [2, true], stderr);
  }
});
