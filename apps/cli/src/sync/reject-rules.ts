import { randomBytes } from "node:crypto";
import { copyFileSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, moveDurably, writeNewFile } from "@holdfast/disk/write-durably";
import { ignorePath } from "@holdfast/sync/rules/rules";
import { ownFolders } from "@holdfast/sync-ports/paths";
import type { KnownSync } from "./known-syncs.ts";
import { type HeldRules, heldRulesOf } from "./shown-rules.ts";

/**
 * Writes the rules from before into the ignore file, as a person would. A copy of what stood there is kept in the local trash.
 * @throws HoldfastError conflict if the file is another one by now, or no file; too_large if the rules from before are
 * only the beginning of their file
 */
export async function rejectRules(sync: KnownSync, { hash, former }: HeldRules): Promise<void> {
  const { root } = sync.record;
  const bytes = Buffer.from(former);
  if (bytes.length > limits.ignoreBytesMax) {
    const message = `The rules from before were longer than ${limits.ignoreBytesMax / 1024} KiB, so not all of their file is known here. Restore its version: holdfast versions, holdfast restore.`;
    throw new HoldfastError("too_large", message);
  }
  const path = join(root, ignorePath);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile()) {
    throw new HoldfastError("conflict", `${path} is not a file. Move it away first.`);
  }
  const random = randomBytes(8).toString("hex");
  const temporary = join(root, ownFolders.temporary);
  const trash = join(root, ownFolders.trash, new Date().toISOString().slice(0, 10));
  for (const folder of [temporary, trash]) await ensureFolderDurably(nodeDisk, folder);
  if (there !== undefined) copyFileSync(path, join(trash, `${ignorePath} ${random}`));
  const fresh = join(temporary, random);
  await writeNewFile(nodeDisk, fresh, bytes, { mode: there === undefined ? 0o666 : there.mode & 0o777 });
  if (heldRulesOf(sync)?.hash !== hash) {
    await nodeDisk.unlink(fresh);
    throw new HoldfastError("conflict", `${path} has just changed. Look at it again: holdfast rules`);
  }
  await moveDurably(nodeDisk, fresh, path);
}
