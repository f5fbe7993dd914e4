import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const tenYearsMicros = 10 * 365 * 24 * 3_600_000_000;

const [first, second] = ["first ".repeat(100), "second".repeat(100)];

test("a file written twice within the precision of a clock set back during the scan is uploaded as last written", async () => {
  const alone = new Alone();
  await alone.once();
  // Large enough that its blocks are sent while it is read, without a second read.
  alone.write("file", "new".repeat(200));
  const disk = alone.disk();
  let isSetBack = false;
  const cut: LocalDisk["cut"] = async (path, sink) => {
    if (isSetBack) return disk.cut(path, sink);
    isSetBack = true;
    const [device] = alone.world.devices;
    assert.ok(device !== undefined);
    device.ills.skewMicros -= tenYearsMicros;
    alone.write("file", first);
    const read = await disk.cut(path, sink);
    alone.writeSilently("file", second);
    return read;
  };
  await alone.once({ disk: { ...disk, cut } });
  await alone.once();
  assert.equal(isSetBack, true);
  assert.equal(alone.serverContents().get("file"), second);
  alone.close();
});
