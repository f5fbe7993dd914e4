import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { administrator, holdfast } from "@holdfast/server/acceptance/testing";
import { Meddler, problemAnswer } from "../acceptance/meddler.ts";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Requests of holdfast import", () => {
  const signedIn = useSignedIn("import-requests");
  const { folder, json } = signedIn;
  const archive = join(folder, "all.tar");
  const tree = join(folder, "tree");
  const [folders, filesEach] = [10, 100];
  let meddler: Meddler;
  let asked: string[] = [];

  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await signedIn.run(args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const watched = (args: string[], input?: string) =>
    holdfast(args, { env: { HOLDFAST_CONFIG_DIR: `${folder}/watched` }, ...(input === undefined ? {} : { input }) });
  const write = (round: number, files: number) => {
    for (let index = 0; index < files; index += 1) {
      const text = `{"file": ${index}, "round": ${round}, "text": "${"word ".repeat(index % 50)}"}\n`;
      writeFileSync(join(tree, `d${index % folders}`, `f${index}.json`), text);
    }
  };
  const contentsOf = async (path: string) => {
    const { items } = await json("versions", path);
    return items.map(({ content_id: id }: { content_id: string }) => id);
  };

  before(async () => {
    for (let index = 0; index < folders; index += 1) mkdirSync(join(tree, `d${index}`), { recursive: true });
    write(0, folders * filesEach);
    await done("put", tree, "/tree");
    for (const round of [1, 2]) {
      write(round, 20);
      await done("put", tree, "/tree");
    }
    for (const text of ["a", "b", "a"]) {
      writeFileSync(join(folder, "text"), text);
      await done("put", join(folder, "text"), "/back.txt");
    }
    await done("export", archive);
    meddler = await Meddler.stand(signedIn.server.url);
    const { email, password } = administrator;
    const login = await watched(["login", meddler.url, "--email", email, "--password-stdin"], `${password}\n`);
    assert.equal(login.code, 0, login.stderr);
  });
  after(() => meddler.close());
  beforeEach(() => {
    asked = [];
    meddler.meddling = (request, forward) => {
      asked.push(`${request.method} ${request.path}`);
      return forward();
    };
  });

  test("are tens for a thousand small files, also through a symbolic link", async () => {
    const link = join(folder, "link.tar");
    symlinkSync(archive, link);
    const { code, stdout, stderr } = await watched(["import", link, "--to", "/first", "--json"]);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout);
    assert.deepEqual([result.files, result.versions, result.problems], [folders * filesEach + 1, 1000 + 40 + 3, []]);
    assert.ok(asked.length <= 40, `${asked.length}: ${asked.join("\n")}`);
    for (const path of ["/tree/d3/f3.json", "/tree/d3/f993.json", "/back.txt"])
      assert.deepEqual(await contentsOf(`/first${path}`), await contentsOf(path), path);
  });

  test("are only list pages when everything is equal", async () => {
    const { code, stdout, stderr } = await watched(["import", archive, "--to", "/first/", "--json"]);
    assert.equal(code, 0, stderr);
    assert.deepEqual([JSON.parse(stdout).equal, JSON.parse(stdout).files], [folders * filesEach + 1, 0]);
    const changing = asked.filter((request) => !request.startsWith("GET "));
    assert.deepEqual(changing, []);
    // One for each folder, its parent and the target; some to find the target; one for the file that has a content
    // twice.
    assert.ok(asked.length <= folders + 10, `${asked.length}: ${asked.join("\n")}`);
  });

  test("can be interrupted after each one, and the next run continues without duplicates", async () => {
    let left = 0;
    for (let isDone = false; !isDone; left += 1) {
      let rest = left;
      meddler.meddling = (request, forward) => {
        if (!request.path.includes("/sync/delta")) return forward();
        rest -= 1;
        return rest < 0 ? Promise.resolve(problemAnswer(403, "forbidden", "No more.")) : forward();
      };
      const { code } = await watched(["import", archive, "--to", `/broken-${left}`]);
      isDone = rest >= 0;
      assert.equal(code === 0, isDone);
      const { problems, conflicts } = await json("import", archive, "--to", `/broken-${left}`);
      assert.deepEqual([problems, conflicts], [[], []]);
      for (const path of ["/tree/d3/f3.json", "/back.txt"])
        assert.deepEqual(await contentsOf(`/broken-${left}${path}`), await contentsOf(path), `${left}: ${path}`);
      assert.equal((await json("ls", `/broken-${left}/tree/d3`)).items.length, filesEach);
    }
    assert.ok(left > 4, `${left}`);
  });
});
