import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
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
import { Meddler } from "./meddler.ts";

/** Larger than files that are read and written in one step. */
const largeBytes = 5_000_000;

/** Invariant: `get` never replaces local content that the server lacks, unless `--overwrite` is given. */
describe("get and local changes", () => {
  let folder: string;
  let server: RunningServer;
  let meddler: Meddler;
  let env: Record<string, string>;

  before(async () => {
    folder = makeFolder("kept-changes");
    server = await startServer({ dataFolder: `${folder}/data` });
    meddler = await Meddler.stand(server.url);
    const api = await Api.signIn(server.url);
    env = { HOLDFAST_CONFIG_DIR: `${folder}/config`, HOLDFAST_SERVER: meddler.url, HOLDFAST_TOKEN: api.token ?? "" };
  });
  after(async () => {
    await meddler?.close();
    await server?.stop();
    removeFolder(folder);
  });

  async function run(...args: string[]) {
    const ran = await holdfast([...args, "--json"], { env });
    return { code: ran.code, stderr: ran.stderr, answer: JSON.parse(ran.stdout) };
  }

  async function makeTree(name: string) {
    const source = join(folder, `${name}-source`);
    mkdirSync(source);
    writeFileSync(join(source, "small"), "first");
    writeFileSync(join(source, "longer"), "the first");
    writeFileSync(join(source, "large"), randomBytes(largeBytes));
    symlinkSync("small", join(source, "link"));
    const put = (): Promise<unknown> => run("put", source, `/${name}`);
    await put();
    return { source, target: join(folder, `${name}-target`), put };
  }

  function kept(problems: { path: string; code: string }[]): string[] {
    return problems
      .filter(({ code }) => code === "changed_here")
      .map(({ path }) => path.slice(path.lastIndexOf("/") + 1))
      .toSorted();
  }

  test("a locally changed file stays, the rest is fetched, and the exit code is 5; --overwrite replaces it", async () => {
    const { source, target, put } = await makeTree("edited");
    assert.equal((await run("get", "/edited", target)).code, 0);
    const edits = { small: "mine!", longer: "mine, of another length", large: randomBytes(largeBytes + 7) };
    for (const [name, bytes] of Object.entries(edits)) writeFileSync(join(target, name), bytes);
    rmSync(join(target, "link"));
    symlinkSync("longer", join(target, "link"));
    writeFileSync(join(source, "new"), "new");
    await put();
    const got = await run("get", "/edited", target);
    assert.equal(got.code, 5);
    assert.deepEqual(kept(got.answer.problems), ["large", "link", "longer", "small"]);
    assert.deepEqual([got.answer.files_kept, got.answer.files_received, got.answer.bytes_received], [4, 1, 3]);
    assert.match(got.stderr, /small: has content here that was not downloaded, so it was kept\. Use --overwrite/);
    for (const [name, bytes] of Object.entries(edits))
      assert.ok(readFileSync(join(target, name)).equals(Buffer.from(bytes)), name);
    assert.equal(readlinkSync(join(target, "link")), "longer");
    assert.deepEqual(readdirSync(target).toSorted(), ["large", "link", "longer", "new", "small"]);
    const all = await run("get", "/edited", target, "--overwrite");
    assert.deepEqual([all.code, all.answer.files_received, all.answer.files_kept], [0, 3, 0]);
    for (const name of Object.keys(edits))
      assert.ok(readFileSync(join(target, name)).equals(readFileSync(join(source, name))), name);
    assert.equal(readlinkSync(join(target, "link")), "small");
  });

  for (const [name, forget] of [
    ["remembered", false],
    ["forgotten", true],
  ] as const) {
    test(`a file untouched since its fetch is replaced, with the record of fetches ${name}`, async () => {
      const { source, target, put } = await makeTree(name);
      await run("get", `/${name}`, target);
      writeFileSync(join(source, "small"), "other");
      writeFileSync(join(source, "longer"), "of another length");
      writeFileSync(join(source, "large"), randomBytes(largeBytes - 7));
      await put();
      if (forget)
        for (const end of ["", "-wal", "-shm"]) rmSync(`${folder}/config/fetched.sqlite${end}`, { force: true });
      const got = await run("get", `/${name}`, target);
      assert.deepEqual([got.code, got.answer.files_received, got.answer.problems], [0, 3, []]);
      assert.equal(readFileSync(join(target, "small"), "utf8"), "other");
    });
  }

  test("a file that was never fetched counts as changed, also when it is fetched alone", async () => {
    await makeTree("foreign");
    const [target, single] = [join(folder, "foreign-target"), join(folder, "foreign-single")];
    mkdirSync(target);
    for (const path of [join(target, "small"), single]) writeFileSync(path, "never fetched");
    const got = await run("get", "/foreign", target);
    assert.deepEqual([got.code, kept(got.answer.problems), got.answer.files_received], [5, ["small"], 2]);
    const alone = await run("get", "/foreign/small", single);
    assert.deepEqual([alone.code, alone.answer.error.code], [5, "conflict"]);
    for (const path of [join(target, "small"), single]) assert.equal(readFileSync(path, "utf8"), "never fetched");
  });

  for (const name of ["small", "large"]) {
    test(`a ${name} file that appears or changes during its download stays`, async () => {
      const tree = `raced-${name}`;
      const { source, target, put } = await makeTree(tree);
      const raced = async () => {
        let touched = false;
        meddler.meddling = async ({ path }, forward) => {
          const answer = await forward();
          if (path.includes("/blocks") && !touched) {
            touched = true;
            writeFileSync(join(target, name), "in that very moment");
          }
          return answer;
        };
        const got = await run("get", `/${tree}`, target);
        meddler.meddling = (_, forward) => forward();
        assert.ok(touched, "blocks were asked for");
        assert.deepEqual([got.code, kept(got.answer.problems)], [5, [name]]);
        assert.equal(readFileSync(join(target, name), "utf8"), "in that very moment");
        assert.deepEqual(
          readdirSync(target).filter((each) => each.startsWith(".holdfast")),
          [],
        );
      };
      await raced();
      assert.equal((await run("get", `/${tree}`, target, "--overwrite")).code, 0);
      writeFileSync(join(source, name), randomBytes(name === "large" ? largeBytes : 9));
      await put();
      await raced();
    });
  }
});
