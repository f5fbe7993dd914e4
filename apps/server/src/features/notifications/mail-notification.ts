import type { NodeId } from "@holdfast/core/ids";
import { findReadable } from "../accounts/people/may-read.ts";
import { readPeople } from "../accounts/people/people.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { MailWorld } from "../mail/mail-world.ts";
import type { Notice } from "../mail/notice.ts";
import { forgetNotice, notifyByMail } from "../mail/notify-by-mail.ts";
import type { AlsoNotify } from "./add-notification.ts";
import type { NewNotification } from "./notify.ts";

/**
 * Queues a notification for the account's next mail, with current names as the account sees them.
 * @returns undefined if it is not mailed
 */
export async function mailNotification(
  { shards, mail }: { readonly shards: Shards; readonly mail: MailWorld },
  { userId, kind, actor, nodeId, atMicros, gather, detail: facts }: NewNotification,
): Promise<AlsoNotify | undefined> {
  // Security changes have their own mail. A failed mail must not cause another.
  const isNotMailed = facts["security"] !== undefined || facts["undelivered"] !== undefined;
  if (mail.mailer === undefined || isNotMailed) return undefined;
  const person = actor === null ? null : (await readPeople(shards, [actor]))(actor);
  const names = new Map<NodeId, string>();
  for (const id of new Set([nodeId, gather?.nodeId ?? null])) {
    const node = id === null ? undefined : await findReadable(shards, userId, id);
    if (id !== null && node !== undefined) names.set(id, node.row.name);
  }
  return async (transaction, { id, nodeId: about, detail, replaces }) => {
    if (replaces !== undefined) await forgetNotice(transaction, userId, replaces);
    const name = about === null ? undefined : names.get(about);
    const node = about === null || name === undefined ? null : { id: about, name };
    const by = person === null || actor === null ? null : { id: actor, name: person.name };
    const notice = { id, at: atMicros, kind, actor: by, node, detail: { ...detail } };
    await notifyByMail(mail, transaction, userId, detail["deletions"] === true ? asWarning(notice) : notice);
  };
}

/** Treats it like a device notice, so that neither settings for watches nor the actor's mail limit apply. */
function asWarning(notice: Notice): Notice {
  const name = notice.actor === null ? {} : { name: notice.actor.name };
  return { ...notice, kind: "device", actor: null, detail: { ...notice.detail, ...name } };
}
