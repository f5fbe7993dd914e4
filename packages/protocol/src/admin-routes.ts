import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { cursorText, page } from "./values.ts";

const invitation = z
  .object({
    id: z.string().describe("tells nothing of its secret, which was shown once"),
    email: z.string().nullable().describe("for this address alone; null: for whoever has it"),
    plan: z.string().nullable().describe("of the new account; null: that of all new ones"),
    quota_bytes: z.int().nullable(),
    quota_fixed: z.boolean().describe("the quota is the account's own, and null no limit; else its plan gives it"),
    created_at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: "Invitation" });
export type InvitationJson = z.output<typeof invitation>;

const plan = z
  .object({
    name: z.string(),
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    default: z.boolean().describe("of new accounts"),
    offered: z.boolean().describe("false: the configuration names it no more, and those that have it keep it"),
  })
  .meta({ id: "Plan" });

const storage = z
  .object({
    accounts: z.int(),
    accounts_disabled: z.int(),
    used_bytes: z.int().describe("of the newest versions of all accounts"),
    stored_bytes: z.int().describe("of all that accounts store, versions and trash included"),
    packs: z.int(),
    pack_bytes: z.int().describe("of the stores"),
    live_bytes: z.int().describe("of those what something needs"),
    unreadable_packs: z.int(),
    damaged_blocks: z.int(),
    database_bytes: z.int(),
    disk_bytes: z.int().nullable().describe("of the disk with the data folder; null where it cannot be told"),
    disk_free_bytes: z.int().nullable(),
  })
  .meta({ id: "StorageFigures" });
export type StorageJson = z.output<typeof storage>;

const unfinishedUploads = z.object({
  account: z.string().describe("e-mail address of the owner of the space"),
  uploads: z.int().describe("that can be continued"),
  blocks: z.int().describe("sent by themselves, which no file names yet"),
  bytes: z.int(),
  last_used_at: z.string(),
  in_use: z.boolean().describe("used within the last hour: they stay"),
});
export type UnfinishedUploadsJson = z.output<typeof unfinishedUploads>;

const collection = z
  .object({
    bytes: z.int().describe("of the stores"),
    blocks: z.int(),
    packs: z.int(),
    versions: z.int().describe("of files that stay"),
    nodes: z.int().describe("with all their versions"),
    unfinished: z.array(unfinishedUploads).optional().describe("if asked for: at most 1,000, the largest first"),
  })
  .meta({ id: "Collection" });
export type CollectionJson = z.output<typeof collection>;
const copy = z
  .object({
    store: z.string().describe("a folder or s3://…, as it was configured"),
    state: z
      .enum(["ok", "behind", "away", "damaged"])
      .describe("behind: it lacks something, or it is not known yet what lies in it; damaged: of a verification alone"),
    lag_objects: z.int().describe("that it lacks, or still has to delete"),
    lag_bytes: z.int(),
    damaged_objects: z.int().optional().describe("of a verification: that it has otherwise than they should be"),
  })
  .meta({ id: "Copy" });
export type CopyJson = z.output<typeof copy>;

const copiesReport = z
  .object({
    copies: z.array(copy).describe("the stores of all cells as they are now: one of each, or two"),
    verification: z.object({
      state: z.enum(["never", "running", "done", "failed"]),
      started_at: z.string().nullable(),
      finished_at: z.string().nullable(),
      objects: z.int().describe("that were reread"),
      copies: z.array(copy).describe("as they were found; what differs is owed from then on, and mended"),
    }),
  })
  .meta({ id: "Copies" });
export type CopiesJson = z.output<typeof copiesReport>;

const setting = z
  .object({
    name: z.string().describe("as in the configuration file"),
    value: z.unknown().describe("null: none, or what is secret; a password in an address is ***"),
    secret: z.boolean().describe("its value is never shown"),
    source: z.enum(["flag", "environment", "file", "default"]),
  })
  .meta({ id: "Setting" });
export type SettingJson = z.output<typeof setting>;

const keyRotation = z
  .object({
    rotated: z.enum(["data_key", "key_encryption_key"]),
    cells: z.array(
      z.object({
        cell: z.string().describe("as the topology names it"),
        epoch: z.int().describe("of the newest data key, with which is sealed from now on"),
        data_keys: z.int().describe("all that are kept"),
      }),
    ),
    key_fingerprint: z
      .string()
      .nullable()
      .describe("of the new key-encryption key, to know a copy of it again; null where a data key was made"),
    key_file: z.string().nullable().describe("keep a copy of it elsewhere; null: the environment has the key"),
    old_key_file: z.string().nullable().describe("opens backups from before"),
  })
  .meta({ id: "KeyRotation" });
export type KeyRotationJson = z.output<typeof keyRotation>;

const findingState = z.enum(["ok", "warn", "fail"]);
const diagnosis = z
  .object({
    state: findingState.describe("of the worst finding"),
    items: z.array(
      z.object({
        check: z.string().describe("what was looked at, such as disk or keys"),
        state: findingState.describe("fail: something does not work, or what is stored is in danger"),
        detail: z.string(),
        advice: z.string().nullable().describe("what to do; null where nothing is to be done"),
      }),
    ),
  })
  .meta({ id: "Diagnosis" });
export type DiagnosisJson = z.output<typeof diagnosis>;

/** What administrators look at besides accounts, plans, groups, jobs and reports. */
const shards = page(
  z
    .object({
      name: z.string(),
      database: z.string().describe("embedded, or host and name"),
      state: z.enum(["ok", "unreachable"]),
      buckets: z.int().describe("how many of the ranges of ids are its own"),
      accounts: z.int().nullable(),
      nodes: z.int().nullable().describe("in all spaces, with what is in the trash; beyond 10,000 about"),
    })
    .meta({ id: "Shard" }),
);
export type ShardsJson = z.output<typeof shards>;

export const adminRoutes = {
  adminListInvitations: defineRoute({
    method: "GET",
    path: "/admin/invitations",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List unused invitations, newest first",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(invitation) },
  }),
  adminRemoveInvitation: defineRoute({
    method: "DELETE",
    path: "/admin/invitations/:id",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Revoke an invitation, whose link stops working",
    params: z.object({ id: z.string().min(1).max(128) }),
    responses: { 204: "empty" },
  }),
  adminGetStorage: defineRoute({
    method: "GET",
    path: "/admin/storage",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get how much is stored and how much space is left; up to a minute old",
    responses: { 200: storage },
  }),
  adminListShards: defineRoute({
    method: "GET",
    path: "/admin/shards",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the databases that accounts are distributed over, and whether each answers",
    responses: { 200: shards },
  }),
  adminCollect: defineRoute({
    method: "POST",
    path: "/admin/gc",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Free the space of deleted content now, or report how much that would be",
    body: z.object({
      dry_run: z.boolean().optional().describe("nothing is changed"),
      unfinished: z
        .boolean()
        .optional()
        .describe("remove unfinished uploads, too, that nobody has used within the last hour"),
    }),
    responses: { 200: collection },
  }),
  adminGetCopies: defineRoute({
    method: "GET",
    path: "/admin/copies",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get how far the stores are equal, and the findings of the last verification",
    responses: { 200: copiesReport },
  }),
  adminVerifyCopies: defineRoute({
    method: "POST",
    path: "/admin/copies/verify",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Start rereading and comparing everything in the stores; returns immediately",
    responses: { 202: copiesReport },
  }),
  adminListSettings: defineRoute({
    method: "GET",
    path: "/admin/settings",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the settings in force and where each was set; secrets are reported only as set",
    responses: { 200: page(setting) },
  }),
  adminRotateKeys: defineRoute({
    method: "POST",
    path: "/admin/keys/rotate",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Replace the key-encryption key, or create a new data key; packs are not rewritten",
    body: z.object({
      data_key: z
        .boolean()
        .optional()
        .describe("true: a new data key for what is stored from now on; else the key-encryption key"),
    }),
    responses: { 200: keyRotation },
  }),
  adminDoctor: defineRoute({
    method: "GET",
    path: "/admin/doctor",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary:
      "Check disks, keys, clock, store, database and jobs, and report what to do; writes and removes a small test file and object",
    responses: { 200: diagnosis },
  }),
  adminListPlans: defineRoute({
    method: "GET",
    path: "/admin/plans",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the plans and their quotas",
    responses: { 200: page(plan) },
  }),
};
