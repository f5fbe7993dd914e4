import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
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
import { jsonAnswer, Meddler, problemAnswer } from "./meddler.ts";

/** Invariant: a command writes only the requested files at the requested place, for every response of a server. */
describe("A hostile server", () => {
  let folder: string;
  let server: RunningServer;
  let meddler: Meddler;
  let env: Record<string, string>;

  before(async () => {
    folder = makeFolder("hostile");
    server = await startServer({ dataFolder: `${folder}/data` });
    meddler = await Meddler.stand(server.url);
    const api = await Api.signIn(server.url);
    env = {
      HOLDFAST_CONFIG_DIR: `${folder}/config`,
      HOLDFAST_SERVER: meddler.url,
      HOLDFAST_TOKEN: api.token ?? "",
    };
    const tree = join(folder, "tree");
    mkdirSync(tree);
    writeFileSync(join(tree, "large.bin"), randomBytes(5_000_000));
    for (let index = 0; index < 400; index += 1) writeFileSync(join(tree, `small-${index}`), `file ${index}`);
    const put = await holdfast(["put", tree, "/tree"], { env });
    assert.equal(put.code, 0, put.stderr);
  });
  after(async () => {
    await meddler?.close();
    await server?.stop();
    removeFolder(folder);
  });

  for (const member of ["id", "parent_id", "version_id"]) {
    for (const size of ["short", "long"]) {
      test(`an invalid ID in member ${member} of a ${size} response is rejected`, async () => {
        const outside = join(folder, `outside-${member}-${size}`);
        mkdirSync(outside);
        meddler.meddling = async ({ path }, forward) => {
          if (path.includes("/blocks/fetch")) return problemAnswer(404, "not_found", "There is none.");
          const answer = await forward();
          if (!path.includes("/contents?")) return answer;
          const page = JSON.parse(answer.body.toString());
          const large = page.items.find(({ name }: { name: string }) => name === "large.bin");
          if (large !== undefined) large[member] = `/../../${outside.slice(folder.length + 1)}/left`;
          if (size === "short") page.items = large === undefined ? [] : [large];
          const changed = jsonAnswer(200, page);
          assert.equal(changed.body.length > 64 * 1024, size === "long");
          return changed;
        };
        const got = await holdfast(["get", "/tree", join(folder, `got-${member}-${size}`), "--json"], { env });
        assert.deepEqual(readdirSync(outside), []);
        assert.equal(got.code, 1, got.stderr);
        assert.match(JSON.parse(got.stdout).error.message, new RegExp(String.raw`items\[\d+\]\.${member}`));
      });
    }
  }

  test("get reports an item listed in a folder that does not exist, and fetches the rest", async () => {
    meddler.meddling = async ({ path }, forward) => {
      const answer = await forward();
      if (!path.includes("/contents?")) return answer;
      const page = JSON.parse(answer.body.toString());
      const [first] = page.items;
      first.parent_id = first.id;
      return jsonAnswer(200, page);
    };
    const got = await holdfast(["get", "/tree", join(folder, "got-orphan"), "--json"], { env });
    assert.equal(got.code, 1, got.stderr);
    const { files_received, problems } = JSON.parse(got.stdout);
    assert.deepEqual([files_received, problems.length], [400, 1]);
    assert.match(problems[0].path, /^\/tree\//);
  });
});
