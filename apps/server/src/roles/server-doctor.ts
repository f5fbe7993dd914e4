import { randomBytes } from "node:crypto";
import type { Config } from "../base/config/read-config.ts";
import type { DoctorWorld, LastCheck } from "../care/doctor/doctor-world.ts";
import type { Storage } from "./open-storage.ts";
import { systemClock } from "./system-clock.ts";

export function serverDoctor({ databases, placed, keySource }: Storage, config: Config, version: string): DoctorWorld {
  const cells = placed.map(({ cell: { id, db, store }, places }) => ({ id, db, places, store: async () => store }));
  const ports = { keySource, clock: systemClock, random: randomBytes, version };
  const lastChecks = new Map<string, LastCheck>();
  return {
    config,
    get shards() {
      return databases.shards.all();
    },
    replicas: databases.replicas,
    cells,
    ...ports,
    lastChecks,
  };
}
