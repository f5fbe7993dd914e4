import { z } from "zod";
import { bucketCount } from "@holdfast/core/ids";
import { defineRoute } from "./route.ts";
import { page } from "./values.ts";

const bucketNumber = z
  .int()
  .min(0)
  .max(bucketCount - 1);
const bucketRange = z.object({ first: bucketNumber, last: bucketNumber });
export type BucketRangeJson = z.output<typeof bucketRange>;

const replica = z
  .object({
    database: z.string(),
    state: z
      .enum(["used", "behind", "not_standby", "unreachable", "unknown"])
      .describe(
        "the primary answers the reads of a replica that is not `used`; `not_standby`: also one of another database; `unknown`: the primary does not answer",
      ),
    behind_bytes: z.int().nullable().describe("changes of the primary that it has not replayed; null: unknown"),
  })
  .meta({ id: "Replica" });

const shard = z
  .object({
    name: z.string(),
    database: z.string().describe("embedded, or host and database name"),
    state: z.enum(["ok", "unreachable"]),
    buckets: z.int().describe("number of ID buckets on this shard"),
    ranges: z.array(bucketRange),
    accounts: z.int().nullable(),
    nodes: z.int().nullable().describe("nodes in all spaces, including the trash; approximate above 10,000"),
    replicas: z.array(replica).describe("read replicas of the database"),
  })
  .meta({ id: "Shard" });
export type ShardJson = z.output<typeof shard>;

const bucketMove = z
  .object({
    buckets: bucketRange,
    from: z.string(),
    to: z.string(),
    state: z
      .enum(["copying", "frozen", "moved", "removing", "canceling"])
      .describe("`moved`: the new shard serves the accounts; `removing`: their rows on the old one are deleted"),
    started_at: z.string(),
    tables_copied: z.int().nullable().describe("null: unknown, or no longer needed"),
    tables: z.int().nullable(),
    behind_bytes: z.int().nullable().describe("changes that are not copied yet"),
    problem: z.string().nullable().describe("why the move does not continue; it is retried"),
  })
  .meta({ id: "BucketMove" });
export type BucketMoveJson = z.output<typeof bucketMove>;

const shards = page(shard).extend({ move: bucketMove.nullable().describe("null: no buckets are moving") });
export type ShardsJson = z.output<typeof shards>;

const movePlan = z
  .object({
    buckets: bucketRange,
    from: z.string(),
    to: z.string(),
    accounts: z.int(),
    bytes: z.int().describe("estimated size of the copy"),
  })
  .meta({ id: "BucketMovePlan" });
export type MovePlanJson = z.output<typeof movePlan>;

const repairedCopies = z.object({
  access_rules: z.int().describe("access rules that were not equal on all shards"),
  memberships: z.int().describe("group memberships"),
  shares: z.int().describe("shares that differed between the owner's and the recipient's shard"),
  addresses: z.int().describe("e-mail addresses without their account, or of an account that no longer has them"),
  pending_shares: z.int().describe("accounts that lacked shares with their address"),
  sign_ins: z.int().describe("sign-ins of other services"),
  mounts: z.int().describe("mounts of folders, by account and owner"),
  programs: z.int().describe("removed programs that still had tokens"),
});
export type RepairedCopiesJson = z.output<typeof repairedCopies>;

const renewedEpochs = z.object({
  items: z.array(z.object({ name: z.string(), spaces: z.int() })),
  copies: repairedCopies.describe(
    "repaired differences between shards, by kind; in a dry run, differences to repair; all 0 with one shard",
  ),
});
export type RenewedEpochsJson = z.output<typeof renewedEpochs>;

export const shardRoutes = {
  adminListShards: defineRoute({
    method: "GET",
    path: "/admin/shards",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the databases that accounts are distributed over, and whether each answers",
    responses: { 200: shards },
  }),
  adminAddShard: defineRoute({
    method: "POST",
    path: "/admin/shards",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Prepare the database of a configured shard without buckets, so that buckets can move to it",
    body: z.object({ name: z.string().min(1).max(63) }),
    responses: { 200: shard },
    errors: ["not_found", "conflict"],
  }),
  adminRenewEpochs: defineRoute({
    method: "POST",
    path: "/admin/shards/epochs",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary:
      "Renew the epoch of every space after a database lost changes, so that devices delete nothing and upload missing files, including files deleted while they were offline. Then repair group memberships, shares and other rows that differ between shards",
    body: z.object({
      names: z
        .array(z.string().min(1).max(63))
        .min(1)
        .max(4096)
        .optional()
        .describe("shards that lost changes; missing: all shards"),
      dry_run: z.boolean().optional().describe("true: change nothing"),
    }),
    responses: { 200: renewedEpochs },
    errors: ["not_found"],
  }),
  adminMoveBuckets: defineRoute({
    method: "POST",
    path: "/admin/shards/move",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Move accounts of a range of ID buckets to a new shard, or report how many would be moved",
    body: z.object({
      buckets: bucketRange,
      to: z.string().min(1).max(63).describe("a shard without buckets"),
      dry_run: z.boolean().optional().describe("true: change nothing, and return the plan with 200"),
    }),
    responses: { 200: movePlan, 202: bucketMove },
    errors: ["not_found", "conflict"],
  }),
  adminCancelMove: defineRoute({
    method: "DELETE",
    path: "/admin/shards/move",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Cancel the move of buckets, before the new shard serves them",
    responses: { 202: bucketMove },
    errors: ["not_found", "conflict"],
  }),
};
