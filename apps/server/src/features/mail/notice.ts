import type { NotificationId, UserId } from "@holdfast/core/ids";
import { notificationKinds } from "@holdfast/protocol/account-settings";
import { z } from "zod";

export const noticeSchema = z.object({
  id: z.string().transform((id) => id as NotificationId),
  /** Microseconds since 1970. */
  at: z.int(),
  kind: z.enum(notificationKinds),
  actor: z.object({ id: z.string().transform((id) => id as UserId), name: z.string() }).nullable(),
  node: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** Details by kind: see `notice-detail.ts`. Unknown details are omitted. */
  detail: z.record(z.string(), z.unknown()),
});
export type Notice = z.output<typeof noticeSchema>;
