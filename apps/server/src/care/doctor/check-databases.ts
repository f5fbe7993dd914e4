import { resolve } from "node:path";
import { sql } from "kysely";
import { listOldClusters } from "../../base/db/embedded/swap-clusters.ts";
import { checkMissingChanges } from "./check-missing-changes.ts";
import { checkReplicas } from "./check-replicas.ts";
import { judgeClock } from "./judge-clock.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

interface Row {
  readonly place: string;
  readonly version: string;
  readonly off: string[];
  readonly nowMs: number;
  readonly isStandby: boolean;
}

/** Each database must respond, be durable and have this machine's time. Shards and cells may share one. */
export async function checkDatabases(world: DoctorWorld): Promise<Finding[]> {
  const { shards, cells, clock, config } = world;
  const findings = new Map<string, Finding[]>();
  for (const { db } of [...shards, ...cells]) {
    const sentMs = clock.nowMs();
    const { rows } = await sql<Row>`
      select coalesce(inet_server_addr()::text, 'local socket') || ':' || current_setting('port') || '/' || current_database() as place,
        current_setting('server_version') as version,
        array(select name from pg_settings
          where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name) as off,
        (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs", pg_is_in_recovery() as "isStandby"`.execute(
      db,
    );
    for (const row of rows) {
      findings.set(row.place, [
        of(row.place, judgeDatabase(row)),
        of(row.place, judgeClock(`the database ${row.place}`, row.nowMs, { sentMs, nowMs: clock.nowMs() })),
      ]);
    }
  }
  const left = await listOldClusters(resolve(config.dataFolder));
  const replicas = await checkReplicas(world);
  const missing = await checkMissingChanges(world);
  return [...[...findings.values()].flat(), ...missing, ...replicas, ...left.map((name) => of(name, judgeLeft(name)))];
}

function judgeLeft(name: string): Finding {
  const advice =
    "Once the new database is backed up and you do not need to go back, stop the server and run holdfast admin upgrade-database --remove-old.";
  return warn("database", `${name} in the data folder is the database from before an upgrade`, advice);
}

export function judgeDatabase({ place, version, off, isStandby }: Omit<Row, "nowMs">): Finding {
  const detail = `PostgreSQL ${version} at ${place}`;
  if (isStandby) {
    const advice =
      "If the primary does not return, promote a standby: 'holdfast admin region promote', or as in docs/operation.md.";
    return fail("database", `${detail} is a standby, and no primary answers: nothing can be changed`, advice);
  }
  if (off.length === 0) return ok("database", detail);
  return fail(
    "database",
    `${detail} runs with ${off.map((name) => `${name} = off`).join(", ")}`,
    `Set ${off.join(" and ")} to on: a power cut could lose or corrupt acknowledged data.`,
  );
}
