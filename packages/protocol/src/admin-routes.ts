import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { startedJob } from "./job-routes.ts";
import { defineRoute } from "./route.ts";
import { cursorText, page } from "./values.ts";

const invitation = z
  .object({
    id: z.string().describe("does not reveal the secret, which is shown only once"),
    email: z.string().nullable().describe("the only address that can use it; null: anyone who has the link"),
    plan: z.string().nullable().describe("plan of the new account; null: the default plan"),
    quota_bytes: z.int().nullable(),
    quota_fixed: z
      .boolean()
      .describe("true: the quota is set for the account (null: unlimited); false: it comes from the plan"),
    created_at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: "Invitation" });
export type InvitationJson = z.output<typeof invitation>;

const plan = z
  .object({
    name: z.string(),
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    default: z.boolean().describe("true: the plan of new accounts"),
    offered: z.boolean().describe("false: no longer in the configuration; accounts that have it keep it"),
  })
  .meta({ id: "Plan" });

const storage = z
  .object({
    accounts: z.int(),
    accounts_disabled: z.int(),
    used_bytes: z.int().describe("size of the newest versions of all accounts"),
    stored_bytes: z.int().describe("size of everything that accounts store, including old versions and the trash"),
    packs: z.int(),
    pack_bytes: z.int().describe("size of all packs in the stores"),
    live_bytes: z.int().describe("part of the packs that is in use"),
    unreadable_packs: z.int(),
    damaged_blocks: z.int(),
    database_bytes: z.int(),
    disk_bytes: z.int().nullable().describe("size of the disk with the data folder; null if unknown"),
    disk_free_bytes: z.int().nullable(),
  })
  .meta({ id: "StorageFigures" });
export type StorageJson = z.output<typeof storage>;

const unfinishedUploads = z.object({
  account: z.string().describe("e-mail address of the space's owner"),
  uploads: z.int().describe("uploads that can be resumed"),
  blocks: z.int().describe("blocks that were sent in advance and belong to no file yet"),
  bytes: z.int(),
  last_used_at: z.string(),
  in_use: z.boolean().describe("used within the last hour, and kept"),
});
export type UnfinishedUploadsJson = z.output<typeof unfinishedUploads>;

const collection = z
  .object({
    bytes: z.int().describe("size of all packs in the stores"),
    blocks: z.int(),
    packs: z.int(),
    versions: z.int().describe("old versions of files that stay"),
    nodes: z.int().describe("purged nodes, with all their versions"),
    unfinished: z.array(unfinishedUploads).optional().describe("on request: at most 1,000, largest first"),
  })
  .meta({ id: "Collection" });
export type CollectionJson = z.output<typeof collection>;
const collectionJob = startedJob(collection).meta({ id: "CollectionJob" });

const copy = z
  .object({
    store: z.string().describe("folder or s3:// URL, as configured"),
    state: z
      .enum(["ok", "behind", "away", "damaged"])
      .describe("behind: objects are missing, or the content is not known yet; damaged: only found by a verification"),
    lag_objects: z.int().describe("objects that are missing or not deleted yet"),
    lag_bytes: z.int(),
    damaged_objects: z.int().optional().describe("found by a verification: objects whose content is wrong"),
  })
  .meta({ id: "Copy" });
export type CopyJson = z.output<typeof copy>;

const copiesReport = z
  .object({
    copies: z.array(copy).describe("the stores of all cells, one or two per cell"),
    verification: z.object({
      state: z.enum(["never", "running", "done", "failed"]),
      started_at: z.string().nullable(),
      finished_at: z.string().nullable(),
      objects: z.int().describe("objects that were read again"),
      copies: z.array(copy).describe("state found by the verification; differences are repaired afterwards"),
    }),
  })
  .meta({ id: "Copies" });
export type CopiesJson = z.output<typeof copiesReport>;

const backups = z
  .object({
    every_ms: z.int().nullable().describe("interval of the scheduled backups; null: none are scheduled"),
    place: z
      .string()
      .nullable()
      .describe("folder or s3:// URL of the newest backup, without passwords; null: no backup was made"),
    made_at: z.string().nullable().describe("time of the state that the newest backup contains"),
    drill: z
      .object({
        tried_at: z.string(),
        done_at: z.string().nullable().describe("end of the last completed drill; null: none has been completed"),
        problems: z.int().describe("problems that the last drill found, or that prevented it"),
      })
      .nullable()
      .describe("restore drills of the server; null: none was started"),
  })
  .meta({ id: "Backups" });
export type BackupsJson = z.output<typeof backups>;

const setting = z
  .object({
    name: z.string().describe("name in the configuration file"),
    value: z.unknown().describe("null: not set, or secret; a password in a URL is shown as ***"),
    secret: z.boolean().describe("the value is never shown"),
    source: z.enum(["flag", "environment", "file", "default"]),
  })
  .meta({ id: "Setting" });
export type SettingJson = z.output<typeof setting>;

const keyRotation = z
  .object({
    rotated: z.enum(["data_key", "key_encryption_key"]),
    cells: z.array(
      z.object({
        cell: z.string().describe("name in the topology file"),
        epoch: z.int().describe("epoch of the newest data key, which seals new data"),
        data_keys: z.int().describe("number of data keys that are kept"),
      }),
    ),
    key_fingerprint: z
      .string()
      .nullable()
      .describe("fingerprint of the new key-encryption key, to recognize copies of it; null if a data key was created"),
    key_file: z.string().nullable().describe("keep a copy of this file elsewhere; null: the key is in the environment"),
    old_key_file: z.string().nullable().describe("needed to open older backups"),
  })
  .meta({ id: "KeyRotation" });
export type KeyRotationJson = z.output<typeof keyRotation>;

const findingState = z.enum(["ok", "warn", "fail"]);
const diagnosis = z
  .object({
    state: findingState.describe("state of the worst finding"),
    checked_at: z.string().optional().describe("time of the oldest of these checks"),
    items: z.array(
      z.object({
        check: z.string().describe("subject of the check, such as disk or keys"),
        state: findingState.describe("fail: something does not work, or stored data is at risk"),
        detail: z.string(),
        advice: z.string().nullable().describe("what to do; null: nothing"),
      }),
    ),
  })
  .meta({ id: "Diagnosis" });
export type DiagnosisJson = z.output<typeof diagnosis>;

/** Administration routes except those for accounts, plans, groups, jobs and reports. */

export const adminRoutes = {
  adminListInvitations: defineRoute({
    method: "GET",
    path: "/admin/invitations",
    tag: "Administration",
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
    tag: "Administration",
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
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the used and the free space; up to a minute old",
    responses: { 200: storage },
  }),
  adminCollect: defineRoute({
    method: "POST",
    path: "/admin/gc",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Start freeing the space of deleted content now, or report how much would be freed",
    body: z.object({
      dry_run: z.boolean().optional().describe("true: change nothing, and return the numbers with 200"),
      unfinished: z
        .boolean()
        .optional()
        .describe("also remove unfinished uploads that were not used within the last hour"),
    }),
    responses: { 200: collection, 202: collectionJob },
  }),
  adminGetCollection: defineRoute({
    method: "GET",
    path: "/admin/gc",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the state or result of the last POST /admin/gc that was not a dry run",
    responses: { 200: collectionJob },
  }),
  adminGetCopies: defineRoute({
    method: "GET",
    path: "/admin/copies",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the differences between the stores, and the findings of the last verification",
    responses: { 200: copiesReport },
  }),
  adminVerifyCopies: defineRoute({
    method: "POST",
    path: "/admin/copies/verify",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Start rereading and comparing everything in the stores; returns immediately",
    responses: { 202: copiesReport },
  }),
  adminGetBackups: defineRoute({
    method: "GET",
    path: "/admin/backups",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Get the schedule of backups, the newest backup and the last restore drill",
    responses: { 200: backups },
  }),
  adminListSettings: defineRoute({
    method: "GET",
    path: "/admin/settings",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the settings in force and where each was set; secrets are reported only as set",
    responses: { 200: page(setting) },
  }),
  adminRotateKeys: defineRoute({
    method: "POST",
    path: "/admin/keys/rotate",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Replace the key-encryption key, or create a new data key; packs are not rewritten",
    body: z.object({
      data_key: z
        .boolean()
        .optional()
        .describe("true: create a new data key for new data; otherwise replace the key-encryption key"),
    }),
    responses: { 200: keyRotation },
  }),
  adminDoctor: defineRoute({
    method: "GET",
    path: "/admin/doctor",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary:
      "Check disks, keys, clock, store, database and jobs, and report what to do; writes and removes a small test file and object",
    query: z.object({
      recent: z.enum(["true", "false"]).optional().describe("true: do not repeat checks of the last 15 minutes"),
    }),
    responses: { 200: diagnosis },
  }),
  adminListPlans: defineRoute({
    method: "GET",
    path: "/admin/plans",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the plans and their quotas",
    responses: { 200: page(plan) },
  }),
};
