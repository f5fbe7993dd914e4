import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { cursorText, timeText } from "./values.ts";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "is not a hash in 64 lower-case hex digits");
const place = { chain: z.string().describe("the shard, as the topology names it"), seq: z.int().describe("gapless") };

export const auditEntry = z
  .object({
    ...place,
    hash: hash.describe("HMAC-SHA256 over the hash before it and the entry"),
    at: z.string(),
    action: z.string().describe("a noun and a verb, as file.read"),
    result: z.string().describe("ok, or the code of the error"),
    user_id: z.string().optional().describe("who did it; of a failed sign-in, whose account it was"),
    credential: z.enum(["session", "token", "link", "host"]).optional().describe("host: with the data folder at hand"),
    credential_id: z.string().optional().describe("of the session, personal access token or link"),
    device_id: z.string().optional(),
    address: z.string().optional().describe("of the client"),
    request_id: z.string().optional().describe("as the server's log has it"),
    node_ids: z.array(z.string()).optional().describe("all nodes that it was about"),
    target: z.string().optional().describe("id of what else it was about: an account, a permission, a token"),
    count: z.int().optional().describe("of a batch, or how often within a minute"),
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntryJson = z.output<typeof auditEntry>;

const verification = z
  .object({
    ok: z.boolean(),
    entries: z.int(),
    from: z.string().nullable().describe("time of the first entry that is kept"),
    to: z.string().nullable(),
    chains: z.array(
      z.object({
        chain: z.string(),
        ok: z.boolean(),
        entries: z.int().describe("that fit, from the first on"),
        from: z.string().nullable(),
        to: z.string().nullable(),
        head: z.object({ seq: z.int(), hash }).describe("of the newest entry"),
        problem: z
          .object({
            what: z.enum(["changed", "removed", "inserted"]),
            seq: z.int().describe("of the first entry that is not as it was written"),
            detail: z.string(),
          })
          .nullable(),
      }),
    ),
  })
  .meta({ id: "AuditVerification" });
export type AuditVerificationJson = z.output<typeof verification>;

/** Who read and changed what, and the proof that it is told as it was. */
export const auditRoutes = {
  adminListAudit: defineRoute({
    method: "GET",
    path: "/admin/audit",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary:
      "List the audit log, oldest first: access to data, changes of permissions, sign-ins and acts of administrators",
    query: z.object({
      from: timeText.optional().describe("not before"),
      to: timeText.optional().describe("before"),
      limit: z.coerce.number().int().min(1).max(limits.auditPageMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: z.object({ items: z.array(auditEntry), next_cursor: z.string().nullable() }) },
  }),
  adminVerifyAudit: defineRoute({
    method: "POST",
    path: "/admin/audit/verify",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    summary: "Verify that no entry of the audit log was changed or is missing; answers once all entries were read",
    body: z.object({
      known: z
        .array(z.object({ ...place, hash }))
        .max(100)
        .optional()
        .describe("entries of an export: they must still be there"),
    }),
    responses: { 200: verification },
  }),
};
