import type { UserId } from "@holdfast/core/ids";
import type { Language, NotifyChange, NotifySettings } from "@holdfast/protocol/account-settings";
import { sql } from "kysely";
import { inTransaction } from "../db/database.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import { assertPlainText } from "./plain-text.ts";

export interface AccountSettings {
  readonly language: Language;
  readonly notify: NotifySettings;
  /** What others share is mounted in the root by itself. */
  readonly autoMount: boolean;
}

/** Who is spoken to is mailed; what merely happens in a watched folder shows in the app. */
const notifyDefaults: NotifySettings = {
  share: "mail",
  comment: "mail",
  mention: "mail",
  watch: "app",
  quota: "mail",
  device: "mail",
  report: "mail",
  server: "mail",
  digest: "daily",
};

type SettingsWorld = Pick<AccountWorld, "shards" | "language">;

export function readSettings(world: SettingsWorld, userId: UserId): Promise<AccountSettings> {
  return readSettingsIn(world.shards.ofId(userId).db, userId, world.language);
}

/** @param db the account's shard, or a transaction there */
export async function readSettingsIn(
  db: ShardReader,
  userId: UserId,
  serverLanguage: Language = "en",
): Promise<AccountSettings> {
  type Chosen = { language: Language | null; notify: Partial<NotifySettings> | null; auto_mount: boolean };
  const { rows } = await sql<Chosen>`
    select s.language, s.notify, u.auto_mount
    from shard.users u left join shard.account_settings s on s.user_id = u.id
    where u.id = ${userId}`.execute(db);
  const [row] = rows;
  return {
    language: row?.language ?? serverLanguage,
    notify: { ...notifyDefaults, ...row?.notify },
    autoMount: row?.auto_mount ?? false,
  };
}

interface SettingsChange {
  /** Null: the server's. */
  readonly language?: Language | null | undefined;
  readonly notify?: NotifyChange | undefined;
  readonly autoMount?: boolean | undefined;
  /** As others see it beside what the account does. */
  readonly name?: string | undefined;
}

/** What the change leaves out stays, of two changes at once too. */
export async function changeSettings(
  { shards }: Pick<AccountWorld, "shards">,
  userId: UserId,
  change: SettingsChange,
): Promise<void> {
  const name = change.name?.trim();
  if (name !== undefined) assertPlainText(name, "name");
  await inTransaction(shards.ofId(userId).db, async (transaction) => {
    const { autoMount } = change;
    if (autoMount !== undefined) {
      await sql`update shard.users set auto_mount = ${autoMount} where id = ${userId}`.execute(transaction);
    }
    if (name !== undefined) {
      await transaction.updateTable("shard.users").set({ name }).where("id", "=", userId).execute();
    }
    await choose(transaction, userId, change);
  });
}

async function choose(transaction: ShardReader, userId: UserId, { language, notify = {} }: SettingsChange) {
  const chosen = JSON.stringify(notify);
  await transaction
    .insertInto("shard.account_settings")
    .values({ user_id: userId, language: language ?? null, notify: sql`${chosen}::jsonb` })
    .onConflict((conflict) =>
      conflict.column("user_id").doUpdateSet({
        ...(language === undefined ? {} : { language }),
        notify: sql`account_settings.notify || ${chosen}::jsonb`,
      }),
    )
    .execute();
}
