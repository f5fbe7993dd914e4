import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "../../acceptance/testing.ts";
import { runBackup } from "./run-backup.ts";
import { runDrill } from "./run-drill.ts";
import { runRestoreBackup } from "./run-restore.ts";
import type { StepProgress, StepTotal } from "./step-progress.ts";

let folder: string;
let data: string;
let server: RunningServer;
before(async () => {
  folder = makeFolder("step-progress");
  data = join(folder, "data");
  server = await startServer({ dataFolder: data, env: { HOLDFAST_SNAPSHOT_INTERVAL: "off" } });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

class Steps implements StepProgress {
  readonly steps: { readonly name: string; readonly total: StepTotal | undefined; items: number; bytes: number }[] = [];

  begin(name: string, total?: StepTotal): void {
    this.steps.push({ name, total, items: 0, bytes: 0 });
  }

  done(bytes: number): void {
    const step = this.steps.at(-1);
    assert.ok(step?.total !== undefined, "a step whose parts are counted has a total");
    step.items += 1;
    step.bytes += bytes;
  }

  get whole(): readonly string[] {
    for (const { name, total, items, bytes } of this.steps) {
      assert.equal(bytes, total?.bytes ?? 0, name);
      if (total?.packs !== undefined) assert.equal(items, total.packs, name);
    }
    return this.steps.map(({ name }) => name);
  }

  totalOf(name: string): StepTotal | undefined {
    return this.steps.find((step) => step.name === name)?.total;
  }
}

test("a backup, its restore and its drill report each step up to its total", async () => {
  await (await Api.signIn(server.url)).put("/file", Buffer.alloc(300_000, "text"));
  const place = join(folder, "backups");
  const [made, restored, drilled] = [new Steps(), new Steps(), new Steps()];
  const common = { place, dataFolder: data, keep: 1, withKey: false, everyMs: undefined };
  const report = await runBackup({ ...common, progress: made }, {});
  const listing = ["copying the database", "copying the database's log", "listing packs", "copying packs"];
  assert.deepEqual(made.whole, [...listing, "removing older backups"]);
  assert.equal(made.totalOf("copying packs")?.packs, report?.packs);
  assert.ok((report?.packs ?? 0) > 0);

  const keyFile = join(data, "key-encryption-key");
  const dataFolder = join(folder, "restored");
  const restoring = { place, dataFolder, at: undefined, keyFile, acceptsDamage: false, progress: restored };
  await runRestoreBackup(restoring, {});
  const restoredSteps = [
    "restoring the database",
    "replaying the database's log",
    "restoring packs",
    "stopping the restored database",
  ];
  const checking = ["checking the database in the backup", "checking packs in the backup"];
  assert.deepEqual(restored.whole, [...checking, ...restoredSteps]);

  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  await runDrill({ place, dataFolder: data, keyFile: undefined, scratch, sample: undefined, progress: drilled }, {});
  const checked = ["checking the restored packs", "counting files"];
  assert.deepEqual(drilled.whole, [...checking.slice(0, 1), ...restoredSteps, ...checked]);
});
