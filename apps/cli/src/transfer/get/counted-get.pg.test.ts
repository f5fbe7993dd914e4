import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runCommand } from "../../commands/testing-run.ts";
import { Cable } from "../../acceptance/cable.ts";
import { longTest } from "@holdfast/tools/tiers";

const mib = 1024 * 1024;

describe("get by a link with counted downloads", () => {
  let home: string;
  let server: RunningServer;
  let cable: Cable;
  let owner: Api;
  const large = randomBytes(12 * mib);

  before(async () => {
    home = makeFolder("counted-get");
    server = await startServer({ dataFolder: `${home}/data` });
    cable = await Cable.lay(server.port);
    owner = await Api.signIn(server.url);
    const folder = `${home}/photos`;
    mkdirSync(`${folder}/low/empty`, { recursive: true });
    writeFileSync(`${folder}/a.txt`, "first");
    writeFileSync(`${folder}/low/same.txt`, "first");
    writeFileSync(`${folder}/low/nothing`, "");
    writeFileSync(`${folder}/low/ünïcode \\ and : more`, "odd");
    writeFileSync(`${folder}/run.sh`, "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(`${folder}/large.bin`, large);
    symlinkSync("a.txt", `${folder}/link`);
    const login = ["login", server.url, "--email", administrator.email, "--password-stdin"];
    assert.equal((await run(login, "owner", administrator.password)).code, 0);
    assert.equal((await run(["put", folder, "/photos"], "owner")).code, 0);
  });
  after(async () => {
    await cable?.close();
    await server?.stop();
    removeFolder(home);
  });

  const run = (args: readonly string[], who = "visitor", input = "") =>
    runCommand({ HOLDFAST_CONFIG_DIR: `${home}/${who}` }, args, { input: `${input}\n` });
  const makeLink = async (path: string, downloads: number, fields = {}) => {
    const id = await owner.idOf(path);
    const { body } = await owner.call("POST", `/files/${id}/share`, {
      link: true,
      role: "viewer",
      max_downloads: downloads,
      ...fields,
    });
    const used = async () => {
      const { items } = (await owner.call("GET", `/files/${id}/permissions`)).body;
      return items.find((each: { id: string }) => each.id === body.id).downloads;
    };
    return { id, token: body.token, url: body.url, overCable: `${cable.url}/s/${body.token}`, used };
  };
  const succeed = async (args: readonly string[], input?: string) => {
    const { code, stdout, stderr } = await run(args, "visitor", input);
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout;
  };
  const assertUsedUp = async (args: readonly string[]) => {
    const { code, stderr } = await run(args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /This link has reached its download limit\. Ask the person who sent it for a new one\./);
    assert.ok(stderr.split("\n").length < 5, stderr);
  };

  test("a file is one download, even if the connection breaks repeatedly", async () => {
    const link = await makeLink("/photos/large.bin", 1);
    cable.cutEachAfter(2 * mib);
    await succeed(["get", link.overCable, `${home}/broken.bin`]);
    assert.ok(cable.cuts >= 3, `it broke ${cable.cuts} times`);
    cable.mend();
    assert.ok(large.equals(readFileSync(`${home}/broken.bin`)));
    assert.equal(await link.used(), 1);
  });

  longTest("a file resumes after an interrupted get, and a file already here is no download", async () => {
    const link = await makeLink("/photos/large.bin", 1);
    cable.slowDown(4 * mib);
    const start = cable.carried.down;
    const killed = spawn(launcher, ["get", link.overCable, `${home}/again.bin`], {
      env: { PATH: process.env["PATH"], HOLDFAST_CONFIG_DIR: `${home}/visitor` },
      stdio: "ignore",
    });
    const ended = once(killed, "exit");
    await eventually("a part has come", 60_000, () => cable.carried.down > start + 5 * mib || undefined);
    killed.kill("SIGKILL");
    await ended;
    cable.mend();
    await succeed(["get", link.overCable, `${home}/again.bin`]);
    const { down } = cable.carried;
    await succeed(["get", link.overCable, `${home}/again.bin`]);
    assert.ok(cable.carried.down - down < mib, "it came again");
    assert.equal(await link.used(), 1);
  });

  test("a file is written to standard output, also by a link with a password", async () => {
    const link = await makeLink("/photos/a.txt", 1, { password: "sesame" });
    assert.equal(await succeed(["get", link.url, "-", "--password-stdin"], "sesame"), "first");
    assert.equal(await link.used(), 1);
  });

  test("a folder is one download, and the next get uses one only for files missing here", async () => {
    const link = await makeLink("/photos", 2);
    const target = `${home}/got`;
    const done = JSON.parse(await succeed(["get", link.url, target, "--json"]));
    assert.deepEqual([done.files_received, done.problems], [6, []]);
    assertTree(target);
    assert.equal(await link.used(), 1);
    await succeed(["get", link.url, target]);
    assert.equal(await link.used(), 1, "all was here");
    rmSync(`${target}/large.bin`);
    rmSync(`${target}/a.txt`);
    await succeed(["get", link.url, target]);
    assertTree(target);
    assert.equal(await link.used(), 2);
    rmSync(`${target}/a.txt`);
    await assertUsedUp(["get", link.url, target]);
    assert.ok(!existsSync(`${target}/a.txt`));
    assertNoParts(home);
    assertNoParts(target);
  });

  test("a folder interrupted by a broken connection is reported, and leaves no partial file", async () => {
    const link = await makeLink("/photos", 2);
    cable.cutAfter(4 * mib);
    const { code, stderr } = await run(["get", link.overCable, `${home}/cut`]);
    cable.mend();
    assert.equal(code, 7, stderr);
    assert.match(stderr, /another download of the link/);
    assert.equal(await link.used(), 1);
    assertNoParts(home);
    await succeed(["get", link.overCable, `${home}/cut`]);
    assertTree(`${home}/cut`);
    assert.equal(await link.used(), 2);
  });

  test("a file of a used-up link is rejected with the reason", async () => {
    const link = await makeLink("/photos/a.txt", 1);
    await succeed(["get", link.url, `${home}/one.txt`]);
    assert.equal((await new Api(server.url, link.token).call("GET", `/files/${link.id}/download`)).status, 403);
    const other = await makeLink("/photos", 1);
    assert.equal((await new Api(server.url, other.token).call("GET", `/files/${other.id}/download`)).status, 200);
    await assertUsedUp(["get", other.url, `${home}/two`]);
  });

  function assertTree(target: string): void {
    assert.equal(readFileSync(`${target}/a.txt`, "utf8"), "first");
    assert.equal(readFileSync(`${target}/low/same.txt`, "utf8"), "first");
    assert.equal(readFileSync(`${target}/low/nothing`, "utf8"), "");
    assert.equal(readFileSync(`${target}/low/ünïcode \\ and : more`, "utf8"), "odd");
    assert.equal(readlinkSync(`${target}/link`), "a.txt");
    assert.ok((statSync(`${target}/run.sh`).mode & 0o100) !== 0);
    assert.ok(large.equals(readFileSync(`${target}/large.bin`)));
    assert.deepEqual(readdirSync(`${target}/low/empty`), []);
  }

  function assertNoParts(folder: string): void {
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith(".holdfast")),
      [],
    );
  }
});
