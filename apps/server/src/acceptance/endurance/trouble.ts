import assert from "node:assert/strict";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPackFiles, flipByte } from "../pack-files.ts";
import { jobResult, ok, postmasterPid } from "../testing.ts";
import type { TwoStoreScene } from "../two-store-scene.ts";

export interface TroubleWorld {
  readonly scene: TwoStoreScene;
  readonly draw: () => number;
  readonly start: () => Promise<void>;
  readonly someWork: () => Promise<void>;
}

/**
 * An operator's actions and accidents in sequence. Each leaves the server running and its stores complete, or about to
 * be.
 */
export const troubles: Readonly<Record<string, (world: TroubleWorld) => Promise<void>>> = {
  collect: ({ scene }) => jobResult(scene.api, "/admin/gc", {}),
  scrub: async ({ scene }) => assertWhole(await scene.scrub()),
  "data key": ({ scene }) => ok(scene.api, "POST", "/admin/keys/rotate", { data_key: true }),
  "key-encryption key": ({ scene }) => ok(scene.api, "POST", "/admin/keys/rotate", {}),
  "rebuild index": async ({ scene }) => {
    const { unreadable_packs: unreadable } = await jobResult(scene.api, "/admin/rebuild-index");
    assert.deepEqual(unreadable, []);
  },
  backup: async ({ scene }) => {
    const { code, stderr } = await scene.admin("backup", join(scene.folder, "backup"));
    assert.equal(code, 0, stderr);
  },
  kill: async ({ scene, start }) => {
    await scene.server.kill();
    await start();
  },
  "kill the database": async ({ scene, start }) => {
    const database = postmasterPid(scene.data);
    await scene.server.kill();
    if (database !== undefined) process.kill(database, "SIGKILL");
    await start();
  },
  "a store is away": async ({ scene, draw, start, someWork }) => {
    const store = scene.stores[draw() < 0.5 ? 0 : 1];
    await scene.caughtUp();
    scene.takeAway(store);
    await someWork();
    if (draw() < 0.5) {
      await scene.server.kill();
      await start();
      await someWork();
    }
    scene.bringBack(store);
    await scene.caughtUp();
  },
  damage: async ({ scene, draw, start }) => {
    await scene.caughtUp();
    damage(scene, draw);
    await scene.api.call("POST", "/admin/scrub");
    if (draw() < 0.4) {
      await scene.server.kill();
      await start();
    }
    assertWhole(await scene.scrub());
    await scene.caughtUp();
  },
};

function assertWhole({ state, damaged }: { readonly state: string; readonly damaged: readonly unknown[] }): void {
  assert.deepEqual([state, damaged], ["done", []]);
}

/** Some packs of one store that the other has too. Packs that collection removes meanwhile stay removed. */
function damage({ stores }: TwoStoreScene, draw: () => number): void {
  const [bad, good] = (draw() < 0.5 ? stores : stores.toReversed()).map(findPackFiles);
  const paths = [...(bad ?? [])].flatMap(([pack, path]) => {
    const [one, other] = [unlessGone(() => readFileSync(path)), unlessGone(() => readFileSync(good?.get(pack) ?? ""))];
    return one !== undefined && other?.equals(one) === true && draw() < 0.2 ? [path] : [];
  });
  for (const [index, path] of paths.entries()) unlessGone(() => damageOne(path, paths[index + 1], draw));
}

function damageOne(path: string, next: string | undefined, draw: () => number): void {
  const { length } = readFileSync(path);
  const how = draw();
  if (how < 0.4) return flipByte(path, Math.floor(draw() * length));
  if (how < 0.6) return truncateSync(path, Math.floor(draw() * length));
  if (how < 0.8 || next === undefined) return rmSync(path);
  const others = readFileSync(next);
  // Never made again.
  writeFileSync(path, others, { flag: "r+" });
  truncateSync(path, others.length);
}

function unlessGone<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
