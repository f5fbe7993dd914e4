import type { NotificationId, UserId } from "@holdfast/core/ids";
import { noticeKinds } from "@holdfast/protocol/account-settings";
import { z } from "zod";

/** One thing that an account is told of, as its mail says it: a notification without its read mark. */
export const noticeSchema = z.object({
  id: z.string().transform((id) => id as NotificationId),
  /** Microseconds since 1970. */
  at: z.int(),
  kind: z.enum(noticeKinds),
  actor: z.object({ id: z.string().transform((id) => id as UserId), name: z.string() }).nullable(),
  node: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** By kind: see `notice-detail.ts`. What is not understood is left out of the mail. */
  detail: z.record(z.string(), z.unknown()),
});
export type Notice = z.output<typeof noticeSchema>;
