import { HoldfastError } from "@holdfast/core/errors";
import type { RegionServer } from "./region-server.ts";

export interface RegionPlace {
  /** ID of the shard or cell. */
  readonly name: string;
  /** With any host. */
  readonly url: string;
  readonly schema: "shard" | "cell";
}

/** Databases with the same PostgreSQL servers, which are in several regions. */
export interface RegionDatabase {
  /** Such as "shard main, cell main". */
  readonly name: string;
  readonly places: readonly RegionPlace[];
  readonly servers: readonly RegionServer[];
}

export interface PromotionPlan {
  readonly promotions: readonly { readonly database: RegionDatabase; readonly server: RegionServer }[];
  /** Databases whose primary is already in the region. */
  readonly already: readonly string[];
}

/**
 * Chooses the standby of each database in the region that has received the most.
 * @param isForced ignores signs that servers elsewhere still run, and servers of the region that do not answer
 * @throws HoldfastError conflict with the faults of all databases
 */
export function planPromotion(databases: readonly RegionDatabase[], region: string, isForced: boolean): PromotionPlan {
  const plans = databases.map((database) => ({ database, ...planOf(database, region) }));
  const fatal = plans.flatMap(({ faults }) => faults);
  const faults = [...fatal, ...(isForced ? [] : plans.flatMap(({ doubts }) => doubts))];
  if (faults.length > 0) {
    const advice =
      fatal.length > 0
        ? ""
        : " If you are certain that the other regions are stopped, repeat the command with --force.";
    throw new HoldfastError("conflict", `Nothing was promoted. ${faults.join(" ")}${advice}`);
  }
  return {
    promotions: plans.flatMap(({ database, server }) => (server === undefined ? [] : [{ database, server }])),
    already: plans.flatMap(({ database, server }) => (server === undefined ? [database.name] : [])),
  };
}

interface DatabasePlan {
  /** undefined: its primary is in the region */
  readonly server?: RegionServer | undefined;
  readonly faults: readonly string[];
  /** A person may know better. */
  readonly doubts: readonly string[];
}

function planOf({ name, servers }: RegionDatabase, region: string): DatabasePlan {
  const systems = Map.groupBy(
    servers.filter(({ state }) => (state?.system ?? "") !== ""),
    ({ state }) => state?.system,
  );
  if (systems.size > 1) {
    const names = [...systems.values()].map((some) => some.map((server) => server.name).join(", "));
    return { faults: [`The servers of ${name} are not copies of each other: ${names.join("; ")}.`], doubts: [] };
  }
  const here = servers.filter((server) => server.region === region);
  const primaries = servers.filter(({ state }) => state?.isPrimary === true);
  const timelineOf = ({ state }: RegionServer) => state?.timeline ?? 0;
  const [newest, older] = primaries.toSorted((left, right) => timelineOf(right) - timelineOf(left));
  const isAlone = older === undefined || (newest !== undefined && timelineOf(newest) > timelineOf(older));
  // One on a lower timeline is an old primary.
  if (newest?.region === region && isAlone) return { faults: [], doubts: [] };
  if (newest !== undefined && older !== undefined && !isAlone) {
    const fault = `${newest.name} and ${older.name} are both primaries of ${name} on the same timeline. Stop the wrong one.`;
    return { faults: [fault], doubts: [] };
  }
  const standbys = here.filter(({ state }) => state?.isPrimary === false);
  const [best] = standbys.toSorted((left, right) => receivedOf(right) - receivedOf(left));
  if (best === undefined) {
    const fault = here.length === 0 ? "has no server" : "has no standby that answers";
    return { faults: [`The database of ${name} ${fault} in ${region}.`], doubts: [] };
  }
  if (best.standby?.isPromotable === false) {
    const fault = `The role of the database URL of ${name} may not promote ${best.name}. Promote it with 'pg_ctl promote', and repeat the command.`;
    return { faults: [fault], doubts: [] };
  }
  const running = primaries.map((primary) => `The primary of ${name} still answers: ${primary.name}. Stop it first.`);
  const receiving = standbys.flatMap(({ name: standby, standby: state }) => {
    if (state?.isReceiving === false || running.length > 0) return [];
    return state?.isReceiving === true
      ? [`${standby} (${name}) still receives changes from a primary, or did in the last minute.`]
      : [`${standby} does not report to the role of the database URL whether it receives changes (grant pg_monitor).`];
  });
  const silent = here.flatMap(({ name: server, state }) =>
    state === undefined ? [`${server} (${name}) does not answer and may have more changes than ${best.name}.`] : [],
  );
  return { server: best, faults: [], doubts: [...running, ...receiving, ...silent] };
}

function receivedOf({ standby }: RegionServer): number {
  return standby?.receivedBytes ?? 0;
}
