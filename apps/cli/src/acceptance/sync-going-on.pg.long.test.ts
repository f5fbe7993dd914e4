import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { makeFolder, removeFolder, type RunningServer, startServer } from "@holdfast/server/acceptance/testing";
import { inSync, killClients, makeDevice, once } from "./sync-devices.ts";
import { Meddler, type PassingRequest, problemAnswer } from "./meddler.ts";

/** Marks the content of rejected files. It is incompressible, so it is visible in the frames. */
const marker = randomBytes(32);
const smallFiles = 300;

const home = makeFolder("sync-going-on");
let server: RunningServer;
let meddler: Meddler;

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
  meddler = await Meddler.stand(server.url);
});

after(async () => {
  killClients();
  await meddler?.close();
  await server?.stop();
  removeFolder(home);
});

function makeTree(at: string): void {
  mkdirSync(join(at, "below"), { recursive: true });
  for (let index = 0; index < smallFiles; index += 1) writeFileSync(join(at, `below/f${index}`), `file ${index}`);
  writeFileSync(join(at, "below/refused"), Buffer.concat([randomBytes(5000), marker]));
  writeFileSync(join(at, "large.bin"), randomBytes(2_000_000));
  writeFileSync(join(at, "refused.bin"), Buffer.concat([randomBytes(1_000_000), marker, randomBytes(100_000)]));
}

const refused = ["below/refused", "refused.bin"];

function pathsIn(root: string): string[] {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => !path.startsWith(".holdfast")).toSorted();
}

function textOf({ body }: PassingRequest): string {
  try {
    return zstdDecompressSync(body).toString();
  } catch {
    return body.toString();
  }
}

test("two refused files and one undeliverable file stop no others from syncing", async () => {
  const ada = await makeDevice(home, meddler.url, "ada");
  makeTree(ada.root);
  meddler.meddling = ({ body }, forward) =>
    body.includes(marker) ? Promise.resolve(problemAnswer(422, "hash_mismatch", "It is refused.")) : forward();
  const up = await once(ada);
  assert.equal(up.code, 1, up.stderr);
  for (const path of refused) assert.match(up.stderr + up.stdout, new RegExp(path));
  meddler.meddling = (_, forward) => forward();

  const bob = await makeDevice(home, meddler.url, "bob");
  const lost = createHash("sha256").update("file 7").digest("hex");
  meddler.meddling = (request, forward) =>
    request.path.includes("/blocks/") && textOf(request).includes(lost)
      ? Promise.resolve(problemAnswer(500, "damaged", "It cannot be read."))
      : forward();
  const down = await once(bob);
  assert.equal(down.code, 1, down.stderr);
  assert.match(down.stderr + down.stdout, /below\/f7\b/);
  const wanted = pathsIn(ada.root).filter((path) => !refused.includes(path));
  assert.deepEqual(
    pathsIn(bob.root),
    wanted.filter((path) => path !== "below/f7"),
  );

  meddler.meddling = (_, forward) => forward();
  for (const device of [ada, bob]) await inSync(device);
  assert.deepEqual(pathsIn(bob.root), pathsIn(ada.root));
  for (const path of refused) assert.deepEqual(readFileSync(join(bob.root, path)), readFileSync(join(ada.root, path)));
});
