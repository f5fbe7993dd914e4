import type { Random } from "@holdfast/core/clock";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { metadataPartOf } from "../../packs/facts/stored-metadata.ts";
import { type BackupPlace, openOrMakePlace } from "./backup-place.ts";

export async function openMetadataPlace({ store, keyring }: BlockCell, random: Random): Promise<BackupPlace> {
  const part = metadataPartOf(store);
  return openOrMakePlace({ store: part, keyring, keyringObject: undefined, random, keyFile: undefined });
}
