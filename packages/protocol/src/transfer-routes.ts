import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { cursorText, idText, page } from "./values.ts";

const idParams = z.object({ id: idText });
const person = z.object({ id: z.string(), name: z.string(), email: z.string() });

const transfer = z
  .object({
    id: z.string(),
    node: z.object({ id: z.string(), kind: z.enum(["file", "folder"]), name: z.string() }),
    from: person,
    to: person,
    state: z.enum(["waiting", "accepted"]),
    created_at: z.string(),
  })
  .meta({ id: "Transfer" });
export type TransferJson = z.output<typeof transfer>;

/** Result of a transfer job. */
export const transferred = z.object({
  id: z.string().describe("ID of the node in its new space"),
  name: z.string().describe("name in the root; changed if the name was taken"),
  files: z.int().describe("files and symbolic links"),
  folders: z.int(),
  versions: z.int(),
  bytes: z.int().describe("size of the newest versions"),
});

/** Transfer of a file or folder to another owner, who must accept it. */
export const transferRoutes = {
  transferNode: defineRoute({
    method: "POST",
    path: "/files/:id/transfer",
    tag: "Sharing",
    access: "files:write",
    rejectsSuspended: true,
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    changes: true,
    summary: "Offer a file or folder to another account, which becomes its owner by accepting",
    params: idParams,
    body: z.object({ email: z.string().min(3).max(320) }),
    responses: { 200: transfer, 201: transfer },
  }),
  listTransfers: defineRoute({
    method: "GET",
    path: "/transfers",
    tag: "Sharing",
    access: "files:read",
    cost: "call",
    bodyKind: "none",
    changes: false,
    summary: "List transfers that the caller offered and received, until they are done, withdrawn or declined",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.transfersPageMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(transfer) },
  }),
  acceptTransfer: defineRoute({
    method: "POST",
    path: "/transfers/:id/accept",
    tag: "Sharing",
    access: "files:write",
    rejectsSuspended: true,
    errors: ["quota"],
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary:
      "Accept a transfer: a job recreates everything in the caller's space; repeating the request returns the same job",
    params: idParams,
    responses: { 202: z.object({ job: z.string().describe("see GET /jobs/{id} for the state and the result") }) },
  }),
  deleteTransfer: defineRoute({
    method: "DELETE",
    path: "/transfers/:id",
    tag: "Sharing",
    access: "files:write",
    cost: "call",
    bodyKind: "none",
    changes: true,
    summary: "Withdraw an offered transfer, or decline a received one",
    params: idParams,
    responses: { 204: "empty" },
  }),
} as const;
