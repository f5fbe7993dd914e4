import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { crashEveryCall, findUnmissedSyncs } from "@holdfast/disk/crash-every-call";
import type { CrashScenario } from "@holdfast/disk/crash-every-call";
import { failEveryCall } from "@holdfast/disk/fail-every-call";
import { makeDataFolder } from "../../data-folder/open-data-folder.ts";
import { makePassword, passwordPath } from "./password.ts";

const dataFolder = "/srv/holdfast/data";

/** First steps of a new server. From then on the password opens the stored data. */
const firstStart: CrashScenario<{ passwords: string[] }> = {
  makeNotes: () => ({ passwords: [] }),
  prepare: (disk) => disk.mkdir("/srv"),
  async work(disk, { passwords }) {
    await makeDataFolder(disk, dataFolder);
    passwords.push(await makePassword(disk, dataFolder, randomBytes));
  },
  async check(disk, { passwords }) {
    const [first] = passwords;
    if (first === undefined) return;
    for (const password of passwords) assert.equal(password, first, "one password from the beginning");
    assert.equal(Buffer.from(await disk.readFile(passwordPath(dataFolder))).toString(), `${first}\n`);
  },
};

test("a new database password survives a power cut at any moment, with the data folder and its parents", async () => {
  assert.ok((await crashEveryCall(firstStart, { seed: 21 })) > 10);
});

test("a password in use is durable whichever call fails", async () => {
  assert.ok((await failEveryCall(firstStart, { seed: 22 })) > 10);
});

test("omitting any single sync of the data folder or password is detected", async () => {
  const unmissed = await findUnmissedSyncs(firstStart, { seed: 23 });
  assert.deepEqual(
    unmissed.filter((each) => !each.endsWith("syncFolder /")),
    [],
  );
});
