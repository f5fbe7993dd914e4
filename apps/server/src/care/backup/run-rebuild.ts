import { existsSync, realpathSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { isS3Location } from "@holdfast/object-store/s3-location";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withFileValues } from "../../base/config/file-values.ts";
import { openStoreAt } from "../admin-storage/open-admin-cells.ts";
import { portsFor } from "../admin-storage/open-admin-storage.ts";
import { metadataPartOf, newestSnapshot } from "../../packs/facts/stored-metadata.ts";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import { chooseSnapshot, noSnapshot } from "./choose-snapshot.ts";
import { openPlaceByGivenKey } from "./find-key.ts";
import { makeFolderOf, refuseFilled, type RestoreReport } from "./restore-backup.ts";
import { comparePacks } from "./restore-packs.ts";
import type { StepProgress } from "./step-progress.ts";

export interface RebuildRequest {
  /** A folder or `s3://…`. */
  readonly from: string;
  /** Key-encryption key; undefined: in the environment. */
  readonly keyFile: string | undefined;
  readonly dataFolder: string;
  readonly progress?: StepProgress | undefined;
}

export interface RebuildReport extends RestoreReport {
  /** For `serve`; null if not needed. */
  readonly store: string | null;
}

/** `holdfast admin rebuild`: creates a data folder from the metadata in the store, which is not changed or moved. */
export async function runRebuild(
  request: RebuildRequest,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RebuildReport> {
  const { from } = request;
  const ports = portsFor(withFileValues(environment));
  const dataFolder = resolve(request.dataFolder);
  const isFolder = !isS3Location(from);
  if (isFolder) refuseWithin(dataFolder, from);
  refuseFilled(dataFolder);
  const store = await openStoreAt(from, ports);
  await assertIsStore(store, from);
  const keyFile = request.keyFile === undefined ? undefined : resolve(request.keyFile);
  const part = metadataPartOf(store);
  // Checked before the key, which is useless without a snapshot.
  if ((await newestSnapshot(store)) === undefined) throw noSnapshot();
  const place = await openPlaceByGivenKey({ store: part, ...ports }, store, keyFile);
  const chosen = await chooseSnapshot(place);
  const openStoreIn = async (folder: string): Promise<ObjectStore> => {
    if (isFolder) await linkStore(resolve(from), folder);
    return store;
  };
  const bringPacks = comparePacks;
  const { progress } = request;
  const { random } = ports;
  const made = await makeFolderOf(chosen, { place, dataFolder, openStoreIn, random, bringPacks, progress });
  return { ...made, problems: [...chosen.problems, ...made.problems], store: isFolder ? null : from };
}

/** The next rebuild removes leftovers in the data folder, so the store must not be there. */
function refuseWithin(dataFolder: string, from: string): void {
  const folders = [dataFolder, resolve(from)].map((path) => (existsSync(path) ? realpathSync(path) : path));
  const [data = "", store = ""] = folders;
  if (relative(data, store).startsWith("..")) return;
  throw new HoldfastError(
    "usage",
    `The store ${from} is in ${dataFolder}, but a server is rebuilt in a new folder, which will link to the store. Specify a new folder with --data NEW.`,
  );
}

async function assertIsStore(store: ObjectStore, from: string): Promise<void> {
  if ((await store.stat(keyringKey)) !== undefined) return;
  const inFolder = existsSync(join(from, "store", "objects")) ? ` Did you mean ${join(from, "store")}?` : "";
  throw new HoldfastError(
    "not_found",
    `There is no store of a Holdfast server in ${from}: it has no keyring. Use the location that 'holdfast serve' used with --store, ` +
      `or the folder \`store\` in the server's data folder.${inFolder} Nothing was changed.`,
  );
}

/** Links the store into the data folder, so that the server finds it and no pack is copied. */
async function linkStore(store: string, dataFolder: string): Promise<void> {
  await nodeDisk.symlink(store, join(dataFolder, "store"));
  await nodeDisk.syncFolder(dataFolder);
}
