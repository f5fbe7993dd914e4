import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { Api } from "@holdfast/server/acceptance/testing";
import { Meddler } from "../acceptance/meddler.ts";
import { runCommand } from "../commands/testing-run.ts";
import { useSignedIn } from "../commands/testing-signed-in.ts";
import { runIn } from "../run.ts";

describe("Names created on the server after put listed it", () => {
  const signedIn = useSignedIn("late-names");
  const { folder, run, json } = signedIn;
  let meddler: Meddler;
  let token: string;

  before(async () => {
    meddler = await Meddler.stand(signedIn.server.url);
    token = (await Api.signIn(signedIn.server.url)).token ?? "";
  });
  after(() => meddler?.close());

  function makeTree(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
    const root = join(folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      if (typeof content === "string" && content.startsWith("-> ")) symlinkSync(content.slice(3), join(root, path));
      else writeFileSync(join(root, path), content);
    }
    return root;
  }

  /** Runs put, and `rival` after put has listed the folder and before it sends anything. */
  async function putBeside(args: readonly string[], rival: () => Promise<unknown>, input?: string) {
    let isDone = false;
    meddler.meddling = async ({ path }, forward) => {
      if (!isDone && path.includes("/sync/delta")) {
        isDone = true;
        await rival();
      }
      return forward();
    };
    const environment = {
      HOLDFAST_CONFIG_DIR: join(folder, "beside"),
      HOLDFAST_SERVER: meddler.url,
      HOLDFAST_TOKEN: token,
    };
    const ran = await runCommand(environment, ["put", ...args, "--json"], { input });
    assert.ok(isDone);
    return { code: ran.code, answer: JSON.parse(ran.stdout) };
  }

  const versionsOf = async (path: string): Promise<number> => (await json("versions", path)).items.length;

  test("equal files are done, other content is the next version, and folders are continued", async () => {
    const large = Buffer.alloc(5_000_000, "large");
    const [mine, theirs] = [
      { "a/deep/other": "mine", "a/deep/er/new": "new", "a/other-link": "-> mine", "large-other": large, kind: "file" },
      { "a/deep/other": "theirs", "a/other-link": "-> theirs", "large-other": large.subarray(1), kind: "-> link" },
    ];
    const same = { "a/deep/same": "same", "a/link": "-> same", "b/c/d/same": "same", large };
    const local = makeTree("mine", { ...same, ...mine });
    const rival = makeTree("theirs", { ...same, ...theirs });
    const { code, answer } = await putBeside([local, "/tree"], () => run(["put", rival, "/tree"]));
    assert.deepEqual([code, answer.problems], [0, []]);
    const { files_sent, files_equal, folders_made, links_made } = answer;
    assert.deepEqual(
      { files_sent, files_equal, folders_made, links_made },
      { files_sent: 4, files_equal: 3, folders_made: 2, links_made: 1 },
    );
    const again = await json("put", local, "/tree");
    assert.deepEqual([again.files_sent, again.folders_made, again.links_made, again.problems], [0, 0, 0, []]);
    assert.deepEqual(
      [await versionsOf("/tree/a/deep/other"), await versionsOf("/tree/large-other"), await versionsOf("/tree/large")],
      [2, 2, 1],
    );
  });

  test("standard input whose name became a folder is refused early", async () => {
    const slice = Buffer.alloc(1024 * 1024);
    let read = 0;
    const stdin = new Readable({
      read() {
        read += 1;
        const rival = read === 1 ? run(["mkdir", "/taken"]) : Promise.resolve();
        void rival.then(() => this.push(read < 200 ? slice : null));
      },
    });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const environment = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const code = await runIn({ environment, stdin, stdout, stderr, exitCode: 0 }, ["put", "-", "/taken", "--quiet"]);
    stderr.end();
    assert.deepEqual([code, await text(stderr)], [5, "holdfast: /taken is a folder on the server, not a file.\n"]);
    assert.ok(read < 100, `${read} MiB were read`);
  });

  test("standard input also becomes the next version", async () => {
    const rival = join(folder, "rival");
    writeFileSync(rival, "theirs");
    const { code } = await putBeside(["-", "/late.txt"], () => run(["put", rival, "/late.txt"]), "mine");
    assert.equal(code, 0);
    assert.equal((await run(["cat", "/late.txt"])).stdout, "mine");
    assert.equal(await versionsOf("/late.txt"), 2);
  });

  test("a folder in place of a file, and a name that only looks the same, are listed and left alone", async () => {
    const local = makeTree("refused", { "caf\u00e9": "a", thing: "b", fine: "c" });
    const rival = makeTree("refusing", { "cafe\u0301": "x", "thing/in it": "x" });
    const { code, answer } = await putBeside([local, "/refused"], () => run(["put", rival, "/refused"]));
    assert.equal(code, 1);
    assert.equal(answer.files_sent, 1);
    for (const { message } of answer.problems)
      assert.match(message, /a file with this name, .* already exists on the server/);
    assert.equal(answer.problems.length, 2);
    assert.equal((await run(["cat", "/refused/cafe\u0301"])).stdout, "x");
  });

  test("two concurrent runs of put both succeed", async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index % 7}/${index}`, `${index}`]));
    const local = makeTree("twice", files);
    const both = await Promise.all([json("put", local, "/twice"), json("put", local, "/twice")]);
    for (const { problems, files_sent, files_equal } of both)
      assert.deepEqual([problems, files_sent + files_equal], [[], 60]);
  });
});
