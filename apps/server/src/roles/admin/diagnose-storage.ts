import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HoldfastError } from "@holdfast/core/errors";
import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { diagnose } from "../../care/doctor/diagnose.ts";
import { fail } from "../../care/doctor/finding.ts";
import { adminKeySource, openAdminStore, placesOf } from "../../care/admin-storage/open-admin-cells.ts";
import type { AdminStorage } from "../../care/admin-storage/open-admin-storage.ts";

/** Checks the storage, with or without a running server. */
export function diagnoseStorage(storage: AdminStorage): Promise<DiagnosisJson> {
  const { config, databases, clock, random } = storage;
  const cells = databases.cells.all().map((cell) => ({
    id: cell.id,
    db: cell.db,
    places: placesOf(cell, storage),
    store: () => openAdminStore(cell, storage),
  }));
  const ports = { keySource: adminKeySource(storage), clock, random, version: version() };
  const { replicas, shards } = databases;
  return diagnose({ config, shards: shards.all(), replicas, cells, ...ports });
}

/** Checks everything that needs no database. */
export function diagnoseWithoutDatabase(
  { config, environment }: Pick<AdminStorage, "config" | "environment">,
  error: HoldfastError,
): Promise<DiagnosisJson> {
  const clock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
  const ports = { keySource: adminKeySource({ config, environment }), clock, random: randomBytes, version: version() };
  const advice =
    "Fix the reported problem: without its database the server does not start, and nothing else could be checked.";
  const known = [fail("database", error.message, advice)];
  return diagnose({ config, shards: [], cells: [], ...ports }, { known });
}

function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
