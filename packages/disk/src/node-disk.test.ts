import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { testDisk } from "./disk-conformance.ts";
import { testDiskDurability } from "./disk-durability-conformance.ts";
import { nodeDisk } from "./node-disk.ts";

const home = await mkdtemp(join(tmpdir(), "holdfast-disk-"));
after(() => rm(home, { recursive: true }));

const makeFolder = (): Promise<string> => mkdtemp(join(home, "case-"));
testDisk("node disk", nodeDisk, makeFolder);
const module = new URL("node-disk.ts", import.meta.url);
testDiskDurability("node disk", { module, exported: "nodeDisk" }, makeFolder);

test("any microsecond until 2106 reads back the same, truncated and rounded", async () => {
  const path = join(home, "times");
  const file = await nodeDisk.createFile(path, { mode: 0o600 });
  // Linux clamps the first second of 32-bit times, in December 1901.
  const micros = fc.bigInt({ min: (1n - 2n ** 31n) * 1_000_000n, max: 2n ** 32n * 1_000_000n - 1n });
  await fc.assert(
    fc.asyncProperty(micros, async (wanted) => {
      await file.setTimes(wanted);
      assert.equal((await nodeDisk.stat(path)).mtimeMicros, wanted);
      const { mtimeNs } = await stat(path, { bigint: true });
      assert.ok(mtimeNs - wanted * 1000n >= 0n && mtimeNs - wanted * 1000n < 500n, `${mtimeNs} ns`);
    }),
    { numRuns: 2000 },
  );
  const wholeSeconds = 2_524_608_000n;
  await file.setTimes(wholeSeconds * 1_000_000n);
  assert.equal((await stat(path, { bigint: true })).mtimeNs, wholeSeconds * 1_000_000_000n);
  await file.close();
});
