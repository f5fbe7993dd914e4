import type { RepairedCopiesJson } from "@holdfast/protocol/shard-routes";
import { repairAccessRules } from "../../features/accounts/proof/repair-access-rules.ts";
import { repairAddresses, repairSignIns } from "./addresses.ts";
import type { CopiesWorld, CopyKind } from "./copy-kind.ts";
import { repairMemberships } from "./memberships.ts";
import { repairMounts } from "./mounts.ts";
import { repairPrograms } from "./programs.ts";
import { repairPending, repairShares } from "./shares.ts";

/** In this order: shares depend on groups, and waiting shares on addresses. */
const kinds: Readonly<Record<keyof RepairedCopiesJson, CopyKind>> = {
  access_rules: ({ shards }, isDry) => repairAccessRules(shards, isDry),
  memberships: repairMemberships,
  shares: repairShares,
  addresses: repairAddresses,
  pending_shares: repairPending,
  sign_ins: repairSignIns,
  mounts: repairMounts,
  programs: repairPrograms,
};

/**
 * Compares rows that are copies of rows on another shard, or point to them, after a shard's database lost changes. No
 * message repeats lost changes. Can be repeated; requests and workers may run meanwhile.
 * @throws HoldfastError locked during a change of access rules
 * @param isDry counts the differences without changing anything
 */
export async function repairShardCopies(world: CopiesWorld, isDry = false): Promise<RepairedCopiesJson> {
  const counts: [string, number][] = [];
  const isSingle = world.shards.all().length === 1;
  for (const [kind, repair] of Object.entries(kinds)) counts.push([kind, isSingle ? 0 : await repair(world, isDry)]);
  return Object.fromEntries(counts) as RepairedCopiesJson;
}
