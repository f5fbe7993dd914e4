import type { MailId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { language } from "@holdfast/protocol/account-settings";
import { role } from "@holdfast/protocol/values";
import { z } from "zod";
import { securityChanges } from "../accounts/security-change.ts";
import { noticeSchema } from "./notice.ts";

const userId = z.string().transform((id) => id as UserId);

/** What is to be said, by template. A link with a secret stands beside it, sealed. */
export const templateSchema = z.discriminatedUnion("template", [
  /** To somebody without an account, with whom something is shared. */
  z.object({
    template: z.literal("invitation"),
    actor: z.object({ id: userId, name: z.string(), email: z.string() }),
    node: z.object({ name: z.string() }),
    role,
    message: z.string().optional(),
    /** Microseconds since 1970. */
    expires_at: z.int(),
  }),
  /** To an address that somebody says is theirs. */
  z.object({
    template: z.literal("confirmation"),
    /** The account that gets the address; a mail that an older server ordered lacks it. */
    account: z.object({ name: z.string(), email: z.string(), moves: z.boolean() }).optional(),
  }),
  /** To an account whose password somebody has forgotten. */
  z.object({ template: z.literal("password_reset") }),
  /** To an account of which something changed that a thief would change. */
  z.object({ template: z.literal("security"), what: z.enum(securityChanges) }),
  /** To an account that its owner deleted. */
  z.object({ template: z.literal("leaving"), until: z.int() }),
  /** To an account: one thing, or what has gathered. */
  z.object({
    template: z.literal("notices"),
    notices: z.array(noticeSchema).min(1).max(limits.mailNoticesMax),
    /** How many there are beside those that are told. */
    more: z.int().min(0),
    /** What to switch off to have no more of such mails. */
    kinds: z.array(z.string()),
  }),
]);
export type Template = z.output<typeof templateSchema>;

/** One mail to one recipient, as it waits in the queue. */
export const mailSchema = z.object({
  /** Becomes the Message-ID, the same at every attempt; its bucket says which shard notes that it was sent. */
  id: z.string().transform((id) => id as MailId),
  at: z.int(),
  /** An account's address and language are read when it is sent. */
  to: z.union([z.object({ user_id: userId }), z.object({ address: z.string(), language })]),
  content: templateSchema,
  /** See `sealed-link.ts`. */
  sealed_link: z.base64().optional(),
});
export type WaitingMail = z.output<typeof mailSchema>;
