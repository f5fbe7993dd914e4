import { randomBytes } from "node:crypto";
import { copyFileSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { contentIdOf } from "@holdfast/core/manifest";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, moveDurably, writeNewFile } from "@holdfast/disk/write-durably";
import { ignorePath } from "@holdfast/sync/rules/rules";
import { ownFolders } from "@holdfast/sync-ports/paths";
import { allPages, pageItemsMax } from "../remote/pages.ts";
import { rootAt } from "../transfer/put/put-root.ts";
import type { KnownSync } from "./known-syncs.ts";
import { type HeldRules, heldRulesOf } from "./shown-rules.ts";

/**
 * Writes the previous rules into the ignore file, and keeps the replaced file in the local trash.
 * @throws HoldfastError conflict if the file has changed or is missing, or if this device lacks the newest rules of its
 * account, because files hidden by those would be uploaded; too_large if only the start of the previous rules is known
 */
export async function rejectRules(
  sync: KnownSync,
  { hash, former, isInForce }: HeldRules,
  client: ApiClient,
): Promise<void> {
  const { root } = sync.record;
  const bytes = Buffer.from(former);
  if (former === "" || isInForce === true) {
    const message = `This device does not know the previous rules. Run 'holdfast rules reject' on a device that has them, or restore a version that you wrote: holdfast versions, holdfast restore. If you never had rules, delete ${root}/${ignorePath}.`;
    throw new HoldfastError("conflict", message);
  }
  await assertNewest(sync, client, bytes);
  if (bytes.length > limits.ignoreBytesMax) {
    const message = `The previous rules were longer than ${limits.ignoreBytesMax / 1024} KiB, so this device does not have the complete file. Restore its version: holdfast versions, holdfast restore.`;
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
  // Links the file itself, to keep later writes of a program too. Without a file of this name, no rules would apply, so
  // there always is one.
  const kept = join(trash, `${ignorePath} ${random}`);
  if (there !== undefined) await nodeDisk.link(path, kept).catch(() => copyFileSync(path, kept));
  const fresh = join(temporary, random);
  await writeNewFile(nodeDisk, fresh, bytes, { mode: there === undefined ? 0o666 : there.mode & 0o777 });
  if (heldRulesOf(sync)?.hash !== hash) {
    await nodeDisk.unlink(fresh);
    throw new HoldfastError("conflict", `${path} has just changed. Review it again: holdfast rules`);
  }
  await moveDurably(nodeDisk, fresh, path);
}

/** Another device of this account may have written newer rules just before. */
async function assertNewest({ record }: KnownSync, client: ApiClient, former: Buffer): Promise<void> {
  const top = await client.call("getNode", { params: { id: record.remote_id } });
  const node = await rootAt(client, top).find(ignorePath);
  if (node?.kind !== "file") return;
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id: node.id }, query: { cursor, limit: pageItemsMax } }),
  );
  for await (const versions of pages) {
    const own = versions.find(({ created_by }) => created_by === record.account_id);
    if (own === undefined) continue;
    if (own.content_id === contentIdOf([{ hash: sha256(former), size: former.length }])) return;
    const message = `Another of your devices wrote newer rules than this one has. Restore version ${own.number} of ${node.path} in their place: holdfast restore.`;
    throw new HoldfastError("conflict", message);
  }
}
