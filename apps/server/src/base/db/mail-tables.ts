import type { MailId, NotificationId, UserId } from "@holdfast/core/ids";
import type { NotificationKind } from "@holdfast/protocol/account-settings";

/** Waiting mail is on the shard of its account, sent mail on that of its id. */
export interface MailTables {
  "shard.mail_items": {
    user_id: UserId;
    id: NotificationId;
    kind: NotificationKind;
    at: number;
    due_at: number;
    notice: unknown;
  };
  "shard.mail_turns": { user_id: UserId; last_at: number };
  "shard.mail_allowances": { user_id: UserId; level: number; at: number };
  "shard.mail_refusals": { address_hash: Buffer; at: number };
  "shard.mails_sent": { id: MailId; sent_at: number | null; claimed_until: number };
  "shard.unsent_links": {
    id: MailId;
    address: string;
    template: string;
    sealed_link: Buffer;
    at: number;
    expires_at: number;
  };
}
