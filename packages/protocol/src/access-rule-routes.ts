import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { defineRoute } from "./route.ts";
import { proof } from "./second-factor-routes.ts";
import { cursorText, idText, page } from "./values.ts";

const network = z.string().min(2).max(64);
const networks = z
  .array(network)
  .max(limits.addressNetworksMax)
  .describe("addresses and networks (192.0.2.0/24, 2001:db8::/32); empty: from anywhere");

const accessRule = z
  .object({
    of: z.enum(["server", "group", "user"]),
    id: z.string().nullable().describe("ID of the group or account; null: the rule applies to the whole server"),
    name: z.string().nullable().describe("name of the group, or e-mail address of the account"),
    second_factor_due_at: z
      .string()
      .nullable()
      .describe("time from which a second factor is required; null: this rule requires none"),
    addresses: z.array(z.string()).describe("the only addresses and networks that may use it; empty: all"),
    own_addresses: z.array(z.string()).describe("the same list set by the account itself; an address must pass both"),
  })
  .meta({ id: "AccessRule" });
export type AccessRuleJson = z.output<typeof accessRule>;

const ownAddresses = z
  .object({
    addresses: z.array(z.string()).describe("set by the account itself; empty: all addresses"),
    address: z.string().describe("client address of this request, as the server sees it"),
  })
  .meta({ id: "OwnAddresses" });

/** Rules on second factors and networks. */
export const accessRuleRoutes = {
  adminListAccessRules: defineRoute({
    method: "GET",
    path: "/admin/access-rules",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List the rules on second factors and networks, for the server, groups and accounts",
    query: z.object({
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: cursorText.optional(),
    }),
    responses: { 200: page(accessRule) },
  }),
  adminChangeAccessRule: defineRoute({
    method: "PATCH",
    path: "/admin/access-rules",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "json",
    asksProof: true,
    summary: "Require a second factor or limit the networks, for the whole server, a group or an account",
    body: z.object({
      group_id: idText.optional(),
      user: z.string().min(1).max(limits.emailBytesMax).optional().describe("ID or e-mail address of the account"),
      second_factor: z
        .object({
          required: z.boolean(),
          grace_seconds: z
            .int()
            .min(0)
            .max(limits.factorGraceMs / 1000)
            .optional()
            .describe("grace period for accounts without a second factor; default 0"),
        })
        .optional(),
      addresses: networks
        .optional()
        .describe("an empty list for an account also clears the list that the account set itself"),
    }),
    responses: { 200: accessRule },
  }),
  getOwnAddresses: defineRoute({
    method: "GET",
    path: "/account/addresses",
    tag: "Account",
    access: "account",
    cost: "call",
    bodyKind: "none",
    summary: "Get the networks that the account limits itself to",
    responses: { 200: ownAddresses },
  }),
  setOwnAddresses: defineRoute({
    method: "PUT",
    path: "/account/addresses",
    tag: "Account",
    access: "account",
    cost: "sign_in",
    bodyKind: "json",
    summary: "Limit the account to these networks; requires the password, and a second factor if there is one",
    body: proof.extend({ addresses: networks }),
    responses: { 200: ownAddresses },
  }),
};
