import { lstatSync } from "node:fs";
import { isThere } from "@holdfast/disk/write-durably";
import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { type KeySource, loadWrappings, nextPathOf } from "../../packs/keys/key-encryption-key.ts";
import type { KeyWrappings } from "../../packs/keys/key-wrapping.ts";
import { readDataKeyRows } from "../../packs/keys/keyring.ts";
import { openWrappedKeys } from "../../packs/keys/open-wrapped-keys.ts";
import { readKeyringObject } from "../../packs/keys/wrapped-keys.ts";
import type { CellWorld, DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

/** The key must exist, be private, and open all data keys in both places. */
export async function checkKeys(world: DoctorWorld): Promise<Finding[]> {
  const { keySource, random, cells } = world;
  const wrappings = await loadWrappings(keySource, random);
  const ofFile = keySource.variable === undefined ? await checkKeyFile(keySource) : [];
  const findings = ofFile.map((finding) => of("file", finding));
  for (const cell of cells) findings.push(of(cell.id, await checkCell(world, cell, wrappings)));
  return findings;
}

async function checkKeyFile(source: KeySource): Promise<Finding[]> {
  const { path } = source;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const findings: Finding[] = [];
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0) {
    const detail = `other users can read ${path} (mode ${(stats.mode & 0o777).toString(8)})`;
    findings.push(
      warn("keys", detail, `Run chmod 600 on it, and 'holdfast admin rotate-keys' if someone may have read it.`),
    );
  }
  if (await isThere(source.disk, nextPathOf(source))) {
    const detail = `a change of the key-encryption key was interrupted: ${nextPathOf(source)} exists`;
    findings.push(
      warn("keys", detail, "Run 'holdfast admin rotate-keys' again or restart the server. Do not delete either file."),
    );
  }
  return findings;
}

const dayMs = 24 * 3600_000;

async function checkCell(
  { keySource, clock }: DoctorWorld,
  { id, db, store }: CellWorld,
  wrappings: KeyWrappings | undefined,
): Promise<Finding> {
  try {
    const [rows, objects] = [await readDataKeyRows(db), await readKeyringObject(await store())];
    if (rows.length + objects.length === 0) return ok("keys", `cell ${id}: nothing is stored yet`);
    if (wrappings === undefined)
      return fail("keys", `the key that opens cell ${id} is missing`, missingAdvice(keySource));
    const { keys, wrapping, isWhole } = await openWrappedKeys(wrappings, rows, objects);
    const newest = [...keys.values()].at(-1);
    const ageMs = clock.nowMs() - (newest?.createdAt ?? 0) / 1000;
    const detail =
      `cell ${id}: all ${keys.size} data keys open; the newest, of epoch ${newest?.epoch}, is from ` +
      `${new Date((newest?.createdAt ?? 0) / 1000).toISOString()}; key-encryption key ${wrapping.id}`;
    if (!isWhole)
      return warn(
        "keys",
        `${detail}; database and store differ`,
        "A running server fixes this within a minute, a stopped one when it starts.",
      );
    if (ageMs < -dayMs) return warn("keys", `${detail}, which is in the future`, "Check the clock of this machine.");
    if (ageMs > limits.dataKeyLifetimeMs + dayMs) {
      return warn(
        "keys",
        `${detail}, and should have been replaced by now`,
        "See the server's log for why, or run 'holdfast admin rotate-keys --data-key'.",
      );
    }
    return ok("keys", detail);
  } catch (error) {
    return fail("keys", `cell ${id}: ${toHoldfastError(error).message}`, 'See "Keys" in docs/operation.md.');
  }
}

function missingAdvice({ path }: KeySource): string {
  return `Restore ${path} from your copy, or set HOLDFAST_KEY_ENCRYPTION_KEY: without it, no stored data can be read.`;
}
