import { bucketOf, isId, type MailId, type UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { findUser } from "../accounts/context/directory.ts";
import { makeTestClock, openTestAccounts, type TestAccounts, type TestClock } from "../accounts/testing.ts";
import type { Shards } from "../../base/db/shards.ts";
import { notifyUndelivered } from "../notifications/notify-undelivered.ts";
import { openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { mailKinds } from "./mail-kinds.ts";
import type { MailWorld } from "./mail-world.ts";
import { openMailer } from "./mailer.ts";
import type { Notice } from "./notice.ts";
import { notifyByMail } from "./notify-by-mail.ts";
import { type MailOrder, orderMail } from "./order-mail.ts";
import type { TestSmtp } from "./testing.ts";

export interface TestMail {
  readonly world: MailWorld;
  readonly accounts: TestAccounts;
  readonly clock: TestClock;
  readonly queue: TestQueue;
  order(bucketFrom: UserId, order: MailOrder): Promise<MailId>;
  /** The notice is about the account's root unless it names another node. Only readable nodes are mailed. */
  notify(userId: UserId, notice: Notice): Promise<void>;
  idle(): Promise<void>;
}

export async function openTestMail(shards: Shards, smtp: TestSmtp | undefined): Promise<TestMail> {
  const clock = makeTestClock();
  const accounts = await openTestAccounts(shards, { clock });
  const world: MailWorld = {
    ...accounts,
    mailer: smtp === undefined ? undefined : openMailer(smtp.settings),
    publicUrl: () => "https://drive.example.org",
  };
  const queue = openTestQueue(shards, mailKinds(world, notifyUndelivered), clock);
  return {
    world,
    accounts,
    clock,
    queue,
    order: (userId, order) =>
      shards
        .ofId(userId)
        .db.transaction()
        .execute((transaction) => orderMail(world, transaction, bucketOf(userId), order)),
    notify: async (userId, notice) => {
      const id = (await findUser(shards, userId))?.root_id ?? "";
      const node = notice.node === null || isId(notice.node.id) ? notice.node : { ...notice.node, id };
      await shards
        .ofId(userId)
        .db.transaction()
        .execute((transaction) => notifyByMail(world, transaction, userId, { ...notice, node }));
    },
    idle: () => queue.queue.idle(),
  };
}

export function withoutMail(accounts: AccountWorld): MailWorld {
  return { ...accounts, mailer: undefined, publicUrl: () => "https://drive.example.org" };
}
