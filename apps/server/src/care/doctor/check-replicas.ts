import type { ReplicaState } from "../../base/db/replicas/replica.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, of, ok, warn } from "./finding.ts";

/** Replicas that run no reads leave their work to the primary. */
export async function checkReplicas({
  shards,
  replicas,
}: Pick<DoctorWorld, "shards" | "replicas">): Promise<Finding[]> {
  const states = await Promise.all(shards.map(async ({ id }) => (await replicas?.(id)) ?? []));
  return states.flat().map((state) => of(state.database, judgeReplica(state)));
}

/** Behind only for a moment, under load. */
const behindBytesMax = 64 * 2 ** 20;

export function judgeReplica({ database, state, behindBytes }: ReplicaState): Finding {
  const name = `the read replica ${database}`;
  const advice = "Until it is repaired, the primary runs its reads. holdfast admin shards shows the replicas.";
  if (state === "unreachable") return warn("database", `${name} does not answer`, advice);
  if (state === "not_standby") return warn("database", `${name} is not a standby of the primary`, advice);
  if (state === "unknown") return ok("database", `${name} answers`);
  if (state === "used" || (behindBytes !== undefined && behindBytes <= behindBytesMax))
    return ok("database", `${name} replays the changes of the primary`);
  if (behindBytes === undefined) return warn("database", `${name} does not follow the primary`, advice);
  return warn("database", `${name} is ${Math.round(behindBytes / 2 ** 20)} MiB behind the primary`, advice);
}
