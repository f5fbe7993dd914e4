import type { MailId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { language } from "@holdfast/protocol/account-settings";
import { role } from "@holdfast/protocol/values";
import { z } from "zod";
import { securityChanges } from "../accounts/context/security-change.ts";
import { noticeSchema } from "./notice.ts";

const userId = z.string().transform((id) => id as UserId);

/** Content by template. Links with a secret are stored apart, encrypted. */
export const templateSchema = z.discriminatedUnion("template", [
  /** Mail to somebody without an account, when something is shared with them. */
  z.object({
    template: z.literal("invitation"),
    actor: z.object({ id: userId, name: z.string(), email: z.string() }),
    node: z.object({ name: z.string() }),
    role,
    message: z.string().optional(),
    /** Microseconds since 1970. */
    expires_at: z.int(),
  }),
  z.object({
    template: z.literal("confirmation"),
    /** Account that gets the address; missing in an older server's mails. */
    account: z.object({ name: z.string(), email: z.string(), moves: z.boolean() }).optional(),
  }),
  z.object({ template: z.literal("password_reset") }),
  /** Mail after a change that an attacker might make. */
  z.object({ template: z.literal("security"), what: z.enum(securityChanges) }),
  z.object({ template: z.literal("leaving"), until: z.int() }),
  z.object({
    template: z.literal("notices"),
    notices: z.array(noticeSchema).min(1).max(limits.mailNoticesMax),
    more: z.int().min(0),
    kinds: z.array(z.string()),
  }),
]);
export type Template = z.output<typeof templateSchema>;

export const mailSchema = z.object({
  /** Message-ID of every attempt. Its bucket selects the shard that records the sending. */
  id: z.string().transform((id) => id as MailId),
  at: z.int(),
  /** An account's address and language are read at sending. */
  to: z.union([z.object({ user_id: userId }), z.object({ address: z.string(), language })]),
  content: templateSchema,
  sealed_link: z.base64().optional(),
});
export type WaitingMail = z.output<typeof mailSchema>;
