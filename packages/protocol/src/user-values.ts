import { z } from "zod";

/** An account as administrators see it. */
export const user = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    admin: z.boolean(),
    disabled: z.boolean(),
    leaving_until: z
      .string()
      .nullable()
      .default(null)
      .describe("the owner deleted the account: until this time it can be restored, then it is shredded"),
    confirmed: z.boolean().describe("the e-mail address is confirmed"),
    second_factor: z.boolean().default(false).describe("sign-in requires a second factor"),
    plan: z.string(),
    quota_bytes: z.int().nullable().describe("null: unlimited"),
    quota_fixed: z.boolean().describe("set for this account, and overrides its plan"),
    used_bytes: z.int(),
    stored_bytes: z.int(),
    created_at: z.string(),
  })
  .meta({ id: "User" });

export const listedUser = user.extend({
  last_seen_at: z.string().nullable().default(null).describe("last use of its devices and tokens, to the minute"),
});
