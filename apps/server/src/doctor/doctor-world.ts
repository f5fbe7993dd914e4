import type { Clock, Random } from "@holdfast/core/clock";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { BlockCell } from "../blocks/block-cell.ts";
import type { KeySource } from "../blocks/key-encryption-key.ts";
import type { Config } from "../config/read-config.ts";
import type { Shard } from "../db/shards.ts";
import type { UnreadableAddresses } from "../http/exchange/unreadable-addresses.ts";

/** What is looked at. Nothing of it is opened for more than looking, so that it may be as broken as it is. */
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
  readonly cells: readonly CellWorld[];
  readonly keySource: KeySource;
  readonly clock: Clock;
  readonly random: Random;
  /** Of Holdfast. */
  readonly version: string;
  /** Requests without a readable address, as a running server behind a proxy counted them. */
  readonly unreadableAddresses?: UnreadableAddresses["recent"] | undefined;
}

export interface CellWorld extends Pick<BlockCell, "id" | "db"> {
  /** Of its store, or of the two of it: folders, or addresses that may hold a password. */
  readonly places: readonly string[];
  /** Rejects where it cannot be opened. */
  readonly store: () => Promise<ObjectStore>;
}
