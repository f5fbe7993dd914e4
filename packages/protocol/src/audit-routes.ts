import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { cursorText, timeText } from "./values.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "is not a hash in 64 lower-case hex digits");
const place = {
  chain: z.string().describe("name of the shard in the topology file"),
  seq: z.int().describe("without gaps"),
};

export const auditEntry = z
  .object({
    ...place,
    hash: hash.describe("HMAC-SHA256 of the previous hash and the entry"),
    at: z.string(),
    action: z.string().describe("noun and verb, such as file.read"),
    result: z.string().describe("ok, or the error code"),
    user_id: z.string().optional().describe("account that acted; for a failed sign-in, the account that was tried"),
    credential: z
      .enum(["session", "token", "link", "host"])
      .optional()
      .describe("host: by a command with access to the data folder"),
    credential_id: z.string().optional().describe("ID of the session, personal access token or link"),
    device_id: z.string().optional(),
    address: z.string().optional().describe("address of the client"),
    request_id: z.string().optional().describe("same ID as in the server's log"),
    node_ids: z.array(z.string()).optional().describe("all nodes concerned"),
    target: z.string().optional().describe("ID of another object concerned: an account, a permission, a token"),
    count: z.int().optional().describe("number of operations in a batch, or of repetitions within a minute"),
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntryJson = z.output<typeof auditEntry>;

const verification = z
  .object({
    ok: z.boolean(),
    entries: z.int(),
    from: z.string().nullable().describe("time of the oldest entry that is kept"),
    to: z.string().nullable(),
    chains: z.array(
      z.object({
        chain: z.string(),
        ok: z.boolean(),
        entries: z.int().describe("number of valid entries, counted from the first"),
        from: z.string().nullable(),
        to: z.string().nullable(),
        head: z.object({ seq: z.int(), hash }).describe("number and hash of the newest entry"),
        problem: z
          .object({
            what: z.enum(["changed", "removed", "inserted"]),
            seq: z.int().describe("number of the first entry that was changed, removed or inserted"),
            detail: z.string(),
          })
          .nullable(),
      }),
    ),
  })
  .meta({ id: "AuditVerification" });
export type AuditVerificationJson = z.output<typeof verification>;

/** The audit log, and the proof that it is unchanged. */
export const auditRoutes = {
  adminListAudit: defineRoute({
    method: "GET",
    path: "/admin/audit",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary:
      "List the audit log, by default oldest first: access to data, changes of permissions, sign-ins and acts of administrators",
    query: z.object({
      from: timeText.optional().describe("start of the period, inclusive"),
      to: timeText.optional().describe("end of the period, exclusive"),
      newest: z.enum(["true", "false"]).optional().describe("true: newest first; the same on each page of a list"),
      limit: z.coerce.number().int().min(1).max(limits.auditPageMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: z.object({ items: z.array(auditEntry), next_cursor: z.string().nullable() }) },
  }),
  adminVerifyAudit: defineRoute({
    method: "POST",
    path: "/admin/audit/verify",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Verify that no entry of the audit log was changed or is missing; answers once all entries were read",
    body: z.object({
      known: z
        .array(z.object({ ...place, hash }))
        .max(100)
        .optional()
        .describe("entries of an earlier export, which must still exist"),
    }),
    responses: { 200: verification },
  }),
};
