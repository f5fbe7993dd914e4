import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { longTest, testShards } from "@holdfast/tools/tiers";
import { Api, makeFolder, removeFolder, type ServerProcess, spawnServer, startServer } from "./testing.ts";

/**
 * Invariant: if its data folder is moved away or another disk is mounted over it, the server exits with a message and writes nothing
 * to the replacement. Both folders start again with all their committed data.
 */
// The harness finds the other shards of a server by its data folder.
const skip = testShards > 1 && "a moved folder starts without its other shards";

describe("Data folder replaced while its server runs", { skip }, () => {
  let folder: string;
  let server: ServerProcess | undefined;
  const [place, older, moved] = ["data", "older", "moved"].map((name) => () => `${folder}/${name}`) as [
    () => string,
    () => string,
    () => string,
  ];

  before(() => void (folder = makeFolder("replaced-data")));
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  /** Runs in a separate process, because it must exit. */
  const start = async (dataFolder: string): Promise<Api> => {
    server = await spawnServer({ dataFolder });
    return Api.signIn(server.url);
  };

  const whileServed = async <Result>(dataFolder: string, run: (api: Api) => Promise<Result>): Promise<Result> => {
    const served = await startServer({ dataFolder });
    try {
      return await run(await Api.signIn(served.url));
    } finally {
      assert.equal(await served.stop(), 0);
    }
  };

  const downloaded = (dataFolder: string, path: string): Promise<string> =>
    whileServed(dataFolder, async (api) => String((await api.download(path)).body));

  longTest("by an older copy: the server exits, and both folders start again", async () => {
    await whileServed(place(), async (first) => assert.equal((await first.put("/old", "old")).status, 201));
    execFileSync("cp", ["-a", place(), older()]);
    const api = await start(place());
    assert.equal((await api.put("/new", "new")).status, 201);
    renameSync(place(), moved());
    renameSync(older(), place());
    assert.equal(await server?.exited, 1);
    assert.match(readFileSync(server?.logFile ?? "", "utf8"), /data is no longer the folder .* Put the right folder/);
    assert.equal(await downloaded(place(), "/old"), "old");
    assert.equal(await downloaded(moved(), "/new"), "new");
  });

  test("by an empty folder before a stop: the server exits with 1 and writes nothing into the folder", async () => {
    const api = await start(moved());
    assert.equal((await api.put("/last", "last")).status, 201);
    renameSync(moved(), older());
    mkdirSync(moved());
    assert.equal(await server?.stop(), 1);
    assert.deepEqual(readdirSync(moved()), []);
    assert.equal(await downloaded(older(), "/last"), "last");
  });
});
