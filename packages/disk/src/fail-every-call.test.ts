import assert from "node:assert/strict";
import { test } from "node:test";
import type { CrashScenario } from "./crash-every-call.ts";
import type { Disk } from "./disk.ts";
import { failEveryCall } from "./fail-every-call.ts";

interface Notes {
  acknowledged: boolean;
}

const bytes = Buffer.alloc(5000, 7);

function scenario(
  sync: (file: { datasync(): Promise<void> }) => Promise<void>,
  name: (disk: Disk) => Promise<void>,
): CrashScenario<Notes> {
  return {
    makeNotes: () => ({ acknowledged: false }),
    async work(disk, notes) {
      if (notes.acknowledged) return;
      await disk.unlink("/t").catch(() => {});
      const file = await disk.createFile("/t", { mode: 0o600 });
      try {
        await file.write(bytes);
        await sync(file);
      } finally {
        await file.close();
      }
      await disk.rename("/t", "/a");
      await name(disk);
      notes.acknowledged = true;
    },
    async check(disk, { acknowledged }) {
      if (acknowledged) assert.ok(bytes.equals(await disk.readFile("/a")), "what was acknowledged is lost");
    },
  };
}

const datasync = (file: { datasync(): Promise<void> }): Promise<void> => file.datasync();
const syncFolder = (disk: Disk): Promise<void> => disk.syncFolder("/");

test("code that reports every failure passes for each of its calls", async () => {
  assert.equal(await failEveryCall(scenario(datasync, syncFolder), { seed: 1 }), 7);
});

test("an ignored failure is detected, and so is a retried sync of the same file", async () => {
  const swallowed = scenario((file) => file.datasync().catch(() => {}), syncFolder);
  await assert.rejects(failEveryCall(swallowed, { seed: 1 }), /Broken by: datasync \/t .* failed with EIO/);
  const again = scenario((file) => file.datasync().catch(() => file.datasync()), syncFolder);
  await assert.rejects(failEveryCall(again, { seed: 1 }), /Broken by: datasync/);
  const nameless = scenario(datasync, (disk) => disk.syncFolder("/").catch(() => {}));
  await assert.rejects(failEveryCall(nameless, { seed: 1 }), /Broken by: syncFolder \//);
});

test("code that cannot be retried after a failure is detected", async () => {
  const stuck: CrashScenario<Notes> = {
    ...scenario(datasync, syncFolder),
    async work(disk) {
      await (await disk.createFile("/t", { mode: 0o600 })).close();
    },
  };
  await assert.rejects(failEveryCall(stuck, { seed: 1 }), /tried again/);
});
