import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

describe("holdfast link, and get and put by a link", () => {
  let folder: string;
  let server: RunningServer;
  const run = (args: string[], input?: string, config = "config") =>
    holdfast(args, { env: { HOLDFAST_CONFIG_DIR: `${folder}/${config}` }, ...(input === undefined ? {} : { input }) });
  /** Nobody who is signed in. */
  const visit = (args: string[], input?: string) => run(args, input, "visitor");
  const succeed = async (done: ReturnType<typeof holdfast>) => {
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

  test("makes a link, lists it, and ends it; whoever has it gets what it shows", async () => {
    const address = (await succeed(run(["link", "/photos", "--expires", "7d", "--name", "for Bea"]))).trim();
    assert.match(address, new RegExp(`^${server.url}/s/hfl_`));
    await succeed(visit(["get", address, `${folder}/got`]));
    assert.equal(readFileSync(`${folder}/got/a.txt`, "utf8"), "first");
    assert.equal(readFileSync(`${folder}/got/large.bin`).length, 3_000_000);
    writeFileSync(`${folder}/new.txt`, "new");
    const refused = await visit(["put", `${folder}/new.txt`, address]);
    assert.notEqual(refused.code, 0);
    const { items } = JSON.parse(await succeed(run(["link", "ls", "--json"])));
    assert.equal(items.length, 1);
    assert.equal(items[0].grantee.name, "for Bea");
    assert.match(
      await succeed(run(["link", "ls", "/photos"])),
      /viewer {2}for Bea {2}\/photos {2}until .* 0 downloads/,
    );
    await succeed(run(["link", "rm", items[0].id]));
    assert.notEqual((await visit(["get", address, `${folder}/again`])).code, 0);
  });

  test("a file by its link, and to standard output", async () => {
    const address = (await succeed(run(["link", "/photos/a.txt"]))).trim();
    assert.equal(await succeed(visit(["get", address, "-"])), "first");
    await succeed(visit(["get", address, `${folder}/one.txt`]));
    assert.equal(readFileSync(`${folder}/one.txt`, "utf8"), "first");
  });

  test("puts by an editor's and an uploader's link, with a password on standard input", async () => {
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

  test("says what is wrong with what it was told", async () => {
    for (const args of [
      ["link", "/photos", "--role", "owner"],
      ["link", "/photos", "--max-downloads", "0"],
      ["get", "/photos", `${folder}/x`, "--password-stdin"],
    ]) {
      assert.equal((await run(args, "x\n")).code, 2, args.join(" "));
    }
    assert.equal((await run(["link", "/missing"])).code, 4);
  });
});
