import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { runCommand, runHere } from "./testing-run.ts";

describe("holdfast link, and get and put through a link", () => {
  let folder: string;
  let server: RunningServer;
  const run = (args: string[], input?: string, config = "config") =>
    runCommand({ HOLDFAST_CONFIG_DIR: `${folder}/${config}` }, args, { input });
  const visit = (args: string[], input?: string) => run(args, input, "visitor");
  const succeed = async (done: ReturnType<typeof run>) => {
    const { code, stdout, stderr } = await done;
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout;
  };

  before(async () => {
    folder = makeFolder("link-command");
    server = await startServer({ dataFolder: `${folder}/data` });
    const { email, password } = administrator;
    await succeed(run(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`));
    mkdirSync(`${folder}/photos`);
    writeFileSync(`${folder}/photos/a.txt`, "first");
    writeFileSync(`${folder}/photos/large.bin`, Buffer.alloc(3_000_000, 7));
    await succeed(run(["put", `${folder}/photos`, "/photos"]));
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("creates, lists and ends a link; its visitors fetch exactly its content", async () => {
    const made = await run(["link", "/photos", "--expires", "7d", "--name", "for Bea"]);
    assert.match(made.stderr, /^It expires 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ\.$/m);
    const address = made.stdout.trim();
    assert.match(address, new RegExp(`^${server.url}/s/hfl_`));
    await succeed(visit(["get", address, `${folder}/got`]));
    assert.equal(statSync(`${folder}/got`).mode & 0o077, 0);
    assert.equal(readFileSync(`${folder}/got/a.txt`, "utf8"), "first");
    assert.equal(readFileSync(`${folder}/got/large.bin`).length, 3_000_000);
    writeFileSync(`${folder}/new.txt`, "new");
    const refused = await visit(["put", `${folder}/new.txt`, address]);
    assert.notEqual(refused.code, 0);
    const { items } = JSON.parse(await succeed(run(["link", "ls", "--json"])));
    assert.equal(items.length, 1);
    assert.equal(items[0].grantee.name, "for Bea");
    const listed = await succeed(run(["link", "ls", "/photos"]));
    assert.match(listed, /viewer {2}for Bea {2}\/photos {2}until /);
    assert.doesNotMatch(listed, /download/i, "of none nothing is said");
    assert.equal((await succeed(run(["link", "show", `${items[0].id.slice(0, 23)}…`]))).trim(), address);
    const shown = JSON.parse(await succeed(run(["link", "show", items[0].id, "--json"])));
    assert.deepEqual(shown, { id: items[0].id, token: address.split("/").at(-1), url: address });
    await succeed(run(["link", "rm", `${items[0].id.slice(0, 23)}…`]));
    assert.equal((await run(["link", "show", items[0].id])).code, 4);
    assert.notEqual((await visit(["get", address, `${folder}/again`])).code, 0);
  });

  test("gets a file by its link, also to standard output", async () => {
    const address = (await succeed(run(["link", "/photos/a.txt", "--max-downloads", "20000"]))).trim();
    assert.match(await succeed(run(["link", "ls", "/photos/a.txt"])), / 0 of 20,000 downloads/);
    assert.equal(await succeed(visit(["get", address, "-"])), "first");
    await succeed(visit(["get", address, `${folder}/one.txt`]));
    assert.equal(readFileSync(`${folder}/one.txt`, "utf8"), "first");
  });

  longTest("accepts a path below a link, as typed, in ls, tree, cat, get and put", async () => {
    mkdirSync(`${folder}/album/day 1/50%20?`, { recursive: true });
    writeFileSync(`${folder}/album/day 1/50%20?/b.txt`, "below");
    await succeed(run(["put", `${folder}/album`, "/album"]));
    for (const [fields, other] of [
      [[], "day 1"],
      [["--max-downloads", "20"], "day 1"],
    ] as const) {
      const address = (await succeed(run(["link", "/album", ...fields]))).trim();
      assert.equal(await succeed(visit(["ls", `${address}/${other}`])), "50%20?/\n");
      assert.equal(await succeed(visit(["ls", "-R", `${address}/${other}/`])), "50%20?/\n50%20?/b.txt\n");
      assert.match(await succeed(visit(["tree", address])), /└── day 1\/\n {4}└── 50%20\?\/\n {8}└── b\.txt\n/);
      assert.match(await succeed(visit(["tree", `${address}/day 1`])), /^\/day 1\n└── 50%20\?\//);
      assert.equal(await succeed(visit(["cat", `${address}/day 1/50%20?/b.txt`])), "below");
      assert.equal(await succeed(visit(["get", `${address}/day 1/50%20?/b.txt`, "-"])), "below");
      const target = `${folder}/got-below${fields.length}`;
      await succeed(visit(["get", `${address}/day 1`, target]));
      assert.equal(readFileSync(`${target}/50%20?/b.txt`, "utf8"), "below");
      const missing = await visit(["ls", `${address}/day 2`]);
      assert.equal(missing.code, 4);
      assert.equal(
        missing.stderr,
        `holdfast: There is no /day 2 in this link. 'holdfast ls ${address}' shows what is there.\n`,
      );
    }
    const file = (await succeed(run(["link", "/photos/a.txt"]))).trim();
    assert.equal(await succeed(visit(["cat", file])), "first");
    const editor = (await succeed(run(["link", "/album", "--role", "editor"]))).trim();
    await succeed(visit(["put", "-", `${editor}/day 1/new.txt`], "new"));
    await succeed(visit(["put", `${folder}/photos/a.txt`, `${editor}/day 1/`]));
    assert.equal(await succeed(run(["cat", "/album/day 1/new.txt"])), "new");
    assert.equal(await succeed(run(["cat", "/album/day 1/a.txt"])), "first");
    const uploader = (await succeed(run(["link", "/album", "--role", "uploader"]))).trim();
    const refused = await visit(["put", `${folder}/photos/a.txt`, `${uploader}/day 1`]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /is for uploads only, without a path below it\. Use http/);
  });

  test("asks on a terminal for the password of a protected link", async () => {
    const address = (await succeed(run(["link", "/photos", "--password-stdin"], "sesame\n"))).trim();
    const visitor = { ...process.env, HOLDFAST_CONFIG_DIR: `${folder}/visitor` };
    const ask = (args: string[], typed: string) => runHere(visitor, args, { typed });
    for (const args of [
      ["ls", address],
      ["tree", address],
      ["cat", `${address}/a.txt`],
      ["get", address, `${folder}/asked`],
    ]) {
      const { code, stdout, stderr } = await ask(args, "sesame\r");
      assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
      assert.match(stderr, /^Password of the link: \n/);
    }
    const wrong = await ask(["ls", address], "barley\r");
    assert.equal(wrong.code, 3);
    assert.match(wrong.stderr, /password/i);
    const open = (await succeed(run(["link", "/photos"]))).trim();
    assert.equal((await ask(["ls", open], "")).stderr, "");
  });

  test("puts through an editor's and an uploader's link, with a password on standard input", async () => {
    await succeed(run(["mkdir", "/inbox"]));
    for (const role of ["editor", "uploader"]) {
      const address = (await succeed(run(["link", "/inbox", "--role", role, "--password-stdin"], "sesame\n"))).trim();
      writeFileSync(`${folder}/${role}.txt`, `by ${role}`);
      const wrong = await visit(["put", `${folder}/${role}.txt`, address, "--password-stdin"], "barley\n");
      assert.notEqual(wrong.code, 0);
      assert.notEqual((await visit(["put", `${folder}/${role}.txt`, address])).code, 0);
      await succeed(visit(["put", `${folder}/${role}.txt`, address, "--password-stdin"], "sesame\n"));
      assert.equal(await succeed(run(["cat", `/inbox/${role}.txt`])), `by ${role}`);
    }
  });

  test("puts a tree through an uploader's link without its symbolic links and git repositories, and lists them", async () => {
    await succeed(run(["mkdir", "/drop"]));
    const address = (await succeed(run(["link", "/drop", "--role", "uploader"]))).trim();
    mkdirSync(`${folder}/tree/app/.git`, { recursive: true });
    writeFileSync(`${folder}/tree/app/.git/config`, "[core]");
    writeFileSync(`${folder}/tree/app/main.c`, "main");
    symlinkSync("/etc/passwd", `${folder}/tree/anon-link`);
    const { code, stderr } = await visit(["put", `${folder}/tree`, address]);
    assert.match(stderr, /anon-link/);
    assert.match(stderr, /\.git/);
    assert.notEqual(code, 0);
    assert.equal(await succeed(run(["ls", "/drop/tree"])), "app/\n");
    assert.equal(await succeed(run(["ls", "/drop/tree/app"])), "main.c\n");
  });

  test("explains to a visitor what a link does not allow, in the command's terms", async () => {
    const makeLink = async (args: string[], input?: string) => (await succeed(run(["link", ...args], input))).trim();
    await succeed(run(["mkdir", "-p", "/told"]));
    const locked = await makeLink(["/photos", "--password-stdin"], "sesame\n");
    const box = await makeLink(["/told", "--role", "uploader"]);
    const ended = await makeLink(["/told"]);
    const { items } = JSON.parse(await succeed(run(["link", "ls", "/told", "--json"])));
    await succeed(run(["link", "rm", items.find((each: { role: string }) => each.role === "viewer").id]));
    const cases: [string[], number, RegExp][] = [
      [["get", locked, `${folder}/told`], 3, /has a password\. Use --password-stdin/],
      [["put", `${folder}/photos/a.txt`, locked], 3, /has a password\. Use --password-stdin/],
      [["get", box, `${folder}/told`], 3, /is for uploads only: nothing can be downloaded/],
      [["get", box, "-"], 3, /is for uploads only: nothing can be downloaded/],
      [["get", ended, `${folder}/told`], 3, /This link does not exist or is no longer valid/],
      [["put", `${folder}/photos/a.txt`, ended], 3, /This link does not exist or is no longer valid/],
    ];
    for (const [args, code, words] of cases) {
      const result = await visit(args);
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stderr, words);
      assert.doesNotMatch(result.stderr, /Sign in again|api\/v1|holdfast ls/);
    }
  });

  test("shows a link's password, its expiry and that an administrator ended it", async () => {
    await succeed(run(["mkdir", "/shown"]));
    const address = (await succeed(run(["link", "/shown", "--expires", "7d", "--password-stdin"], "sesame\n"))).trim();
    const day = /until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/;
    for (const args of [
      ["link", "ls", "/shown"],
      ["link", "ls"],
      ["permissions", "/shown"],
    ]) {
      const result = await succeed(run(args));
      assert.match(result, day);
      assert.match(result, /with a password/);
      assert.doesNotMatch(result, /ended/);
    }
    const report = { token: address.slice(address.lastIndexOf("/") + 1), reason: "abuse" };
    assert.equal((await new Api(server.url).call("POST", "/links/report", report)).status, 204);
    const [{ id }] = JSON.parse(await succeed(run(["admin", "reports", "ls", "--json"]))).items;
    await succeed(run(["admin", "reports", "resolve", id, "--action", "disable_link"]));
    for (const args of [
      ["link", "ls", "/shown"],
      ["permissions", "/shown"],
    ]) {
      assert.match(await succeed(run(args)), /disabled by an administrator/);
    }
  });

  test("explains invalid arguments", async () => {
    for (const args of [
      ["link", "/photos", "--role", "owner"],
      ["link", "/photos", "--max-downloads", "0"],
      ["get", "/photos", `${folder}/x`, "--password-stdin"],
    ]) {
      assert.equal((await run(args, "x\n")).code, 2, args.join(" "));
    }
    assert.equal((await run(["link", "/missing"])).code, 4);
    const page = await visit(["ls", `${server.url}/files/photos`]);
    assert.equal(page.code, 2);
    assert.match(page.stderr, /is not a path on the server.*accept the whole address of a link/);
  });
});
