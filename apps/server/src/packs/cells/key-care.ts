import { lstatSync } from "node:fs";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { KeyRotationJson } from "@holdfast/protocol/admin-routes";
import type { BlockCells } from "./open-block-cells.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { KeySource } from "../keys/key-encryption-key.ts";
import { type CellKeys, rotateKeyEncryptionKey } from "./rotate-key-encryption-key.ts";

export interface KeyCare {
  renewDataKeys(): Promise<KeyRotationJson>;
  rotateKeyEncryptionKey(): Promise<KeyRotationJson>;
}

export interface KeyCareParts {
  readonly cells: () => Promise<BlockCells> | BlockCells;
  readonly source: KeySource;
  readonly random: Random;
  readonly log: BlockLog;
}

export function openKeyCare({ cells, source, random, log }: KeyCareParts): KeyCare {
  return {
    async renewDataKeys() {
      const renewed: CellKeys[] = [];
      for (const { id, keyring } of (await cells()).all()) renewed.push({ id, ...(await keyring.renew()) });
      return {
        rotated: "data_key",
        cells: renewed.map(toJson),
        key_fingerprint: null,
        key_file: null,
        old_key_file: null,
      };
    },
    async rotateKeyEncryptionKey() {
      if (source.variable === undefined && source.newVariable === undefined) assertOwnFile(source.path);
      const parts = { cells: (await cells()).all(), source, random, log };
      const { keyId, keyFile, oldKeyFile, cells: done } = await rotateKeyEncryptionKey(parts);
      return {
        rotated: "key_encryption_key",
        cells: done.map(toJson),
        key_fingerprint: keyId,
        key_file: keyFile ?? null,
        old_key_file: oldKeyFile ?? null,
      };
    },
  };
}

function toJson({ id, epoch, dataKeys }: CellKeys): KeyRotationJson["cells"][number] {
  return { cell: id, epoch, data_keys: dataKeys };
}

/** Rejects another user's process, for example root's, whose new key file the server could not read. */
function assertOwnFile(path: string): void {
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  const user = process.geteuid?.();
  if (owner === undefined || user === undefined || owner === user) return;
  throw new HoldfastError(
    "failed",
    `${path} belongs to user ${owner}, but this command runs as user ${user}, whose new file the server could not read. Run it as the ` +
      "user that runs the server, or signed in to it as an administrator. Nothing was changed.",
  );
}
