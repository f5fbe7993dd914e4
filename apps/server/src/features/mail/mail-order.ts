import type { MailId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { language } from "@holdfast/protocol/account-settings";
import { role } from "@holdfast/protocol/values";
import { z } from "zod";
import { securityChanges } from "../accounts/security-change.ts";
import { noticeSchema } from "./notice.ts";

const userId = z.string().transform((id) => id as UserId);

/** Content by template. A link with a secret is stored separately, encrypted. */
export const templateSchema = z.discriminatedUnion("template", [
  /** To a person without an account, when something is shared with them. */
  z.object({
    template: z.literal("invitation"),
    actor: z.object({ id: userId, name: z.string(), email: z.string() }),
    node: z.object({ name: z.string() }),
    role,
    message: z.string().optional(),
    /** Microseconds since 1970. */
    expires_at: z.int(),
  }),
  /** To an address that must be confirmed. */
  z.object({
    template: z.literal("confirmation"),
    /** Account that gets the address; missing in mails ordered by an older server. */
    account: z.object({ name: z.string(), email: z.string(), moves: z.boolean() }).optional(),
  }),
  z.object({ template: z.literal("password_reset") }),
  /** To an account, after a change that an attacker might make. */
  z.object({ template: z.literal("security"), what: z.enum(securityChanges) }),
  /** To an account that its owner deleted. */
  z.object({ template: z.literal("leaving"), until: z.int() }),
  /** To an account: one notice or several. */
  z.object({
    template: z.literal("notices"),
    notices: z.array(noticeSchema).min(1).max(limits.mailNoticesMax),
    /** Number of omitted notices. */
    more: z.int().min(0),
    /** Kinds to unsubscribe from. */
    kinds: z.array(z.string()),
  }),
]);
export type Template = z.output<typeof templateSchema>;

/** A queued mail to one recipient. */
export const mailSchema = z.object({
  /** Becomes the Message-ID, the same for every attempt. Its bucket selects the shard that records the sending. */
  id: z.string().transform((id) => id as MailId),
  at: z.int(),
  /** For an account, address and language are read when the mail is sent. */
  to: z.union([z.object({ user_id: userId }), z.object({ address: z.string(), language })]),
  content: templateSchema,
  /** See `sealed-link.ts`. */
  sealed_link: z.base64().optional(),
});
export type WaitingMail = z.output<typeof mailSchema>;
