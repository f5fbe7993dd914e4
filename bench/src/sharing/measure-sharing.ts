import type { Row } from "../report.ts";
import { sharingRowNames } from "../row-names.ts";
import { measureRewindDryRun } from "./rewind-dry-run.ts";
import { measureRightsCheck } from "./rights-check.ts";
import { measureShareCall } from "./share-call.ts";
import { measureSharedListing } from "./shared-listing.ts";
import { measureSharedDevices } from "./shared-devices.ts";
import { measureSharedEdit } from "./shared-edit.ts";
import { type SharingServer, startSharingServer } from "./sharing-server.ts";

type SharingRowName = (typeof sharingRowNames)[number];

export interface SharingScale {
  readonly people: number;
  readonly listedFiles: number;
  readonly deviceEdits: number;
  readonly rewoundNodes: number;
}

export interface SharingWork {
  readonly folder: string;
  readonly wants: (name: SharingRowName) => boolean;
  readonly scale: SharingScale;
}

/** Measures the cost of sharing with many people or of many items. Each row has its own server and database. */
export async function measureSharing({ folder, wants, scale }: SharingWork): Promise<Row[]> {
  const works: Readonly<Record<SharingRowName, (own: string) => Promise<Row[]>>> = {
    "share-call": (own) => withServer(own, (world) => measureShareCall(world, scale.people)),
    "share-check": (own) => withServer(own, (world) => measureRightsCheck(world)),
    "share-list": (own) => withServer(own, (world) => measureSharedListing(world, scale.listedFiles)),
    "share-edit": (own) => withServer(own, (world) => measureSharedEdit(world, scale.people)),
    "share-rewind": (own) => withServer(own, (world) => measureRewindDryRun(world, scale.rewoundNodes)),
    "share-devices": (own) => measureSharedDevices(own, scale.deviceEdits),
  };
  const rows: Row[] = [];
  for (const name of sharingRowNames) {
    if (!wants(name)) continue;
    for (const row of await works[name](`${folder}/${name}`)) {
      rows.push(row);
      process.stderr.write(`${row.by}: ${row.work}: ${row.value.toFixed(3)} ${row.unit}; ${row.note ?? ""}\n`);
    }
  }
  return rows;
}

async function withServer(folder: string, work: (world: SharingServer) => Promise<Row[]>): Promise<Row[]> {
  const world = await startSharingServer(folder);
  try {
    return await work(world);
  } finally {
    await world.stop();
  }
}
