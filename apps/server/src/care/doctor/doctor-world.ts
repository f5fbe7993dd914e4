import type { Clock, Random } from "@holdfast/core/clock";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import type { KeySource } from "../../packs/keys/key-encryption-key.ts";
import type { Config } from "../../base/config/read-config.ts";
import type { Databases, Shard } from "../../base/db/shards.ts";
import type { UnreadableAddresses } from "../../base/operation/unreadable-addresses.ts";
import type { Finding } from "./finding.ts";

/** Everything is opened for reading only, so it may be broken. */
export interface DoctorWorld {
  readonly config: Pick<
    Config,
    | "dataFolder"
    | "connectionsMax"
    | "store"
    | "secondStore"
    | "databaseUrl"
    | "topology"
    | "diskReserveBytes"
    | "snapshots"
    | "drills"
    | "scrubPeriodMs"
    | "auditSyslog"
    | "tls"
    | "acme"
    | "oidc"
    | "ldap"
  >;
  readonly shards: readonly Pick<Shard, "id" | "db">[];
  readonly replicas?: Databases["replicas"];
  readonly cells: readonly CellWorld[];
  readonly keySource: KeySource;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  /** Set in a running server behind a proxy. */
  readonly unreadableAddresses?: UnreadableAddresses["recent"] | undefined;
  /** Last check of each name in this process. Set in a running server. */
  readonly lastChecks?: Map<string, LastCheck>;
}

export interface LastCheck {
  readonly atMicros: number;
  readonly findings: readonly Finding[];
}

export interface CellWorld extends Pick<BlockCell, "id" | "db"> {
  /** One or two store locations: folders, or URLs that may contain a password. */
  readonly places: readonly string[];
  /** Rejects if the store cannot be opened. */
  readonly store: () => Promise<ObjectStore>;
}
