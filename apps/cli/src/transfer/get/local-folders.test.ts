import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { LocalFolders } from "./local-folders.ts";

async function losingFoldersAfter(call: "stat" | "mkdir"): Promise<Disk> {
  const disk = new SimulatedDisk();
  if (call === "stat") await disk.mkdir("/target");
  const { stat, mkdir, list } = {
    stat: disk.stat.bind(disk),
    mkdir: disk.mkdir.bind(disk),
    list: disk.list.bind(disk),
  };
  let isGone = false;
  const assertThere = (path: string): void => {
    if (isGone) throw new HoldfastError("not_found", `Could not look at ${path} (ENOENT).`);
  };
  return Object.assign(disk, {
    stat: async (path: string) => {
      assertThere(path);
      const there = await stat(path);
      isGone = call === "stat";
      return there;
    },
    mkdir: async (path: string) => {
      await mkdir(path);
      isGone = true;
    },
    list: (path: string) => {
      assertThere(path);
      return list(path);
    },
  });
}

for (const call of ["stat", "mkdir"] as const) {
  test(`a local folder that disappears after ${call} is a conflict, not something missing on the server`, async () => {
    const entering = new LocalFolders(await losingFoldersAfter(call), false).enter("/target", undefined);
    await assert.rejects(entering, { code: "conflict", message: /\/target was replaced during the download/ });
  });
}
