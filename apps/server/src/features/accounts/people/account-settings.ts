import type { UserId } from "@holdfast/core/ids";
import type { Language, NotifyChange, NotifySettings } from "@holdfast/protocol/account-settings";
import { sql } from "kysely";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { proofRequired } from "../callers/session-proof.ts";
import { isByToken, neededSignedIn } from "../callers/signed-in-only.ts";

export interface AccountSettings {
  readonly language: Language;
  readonly notify: NotifySettings;
  /** Mounts received shares in the root folder automatically. */
  readonly autoMount: boolean;
}

/** Mails only events that address the person. Changes in watched folders show only in the app. */
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
  db: ShardQueries,
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
  /** null: the server's language. */
  readonly language?: Language | null | undefined;
  readonly notify?: NotifyChange | undefined;
  readonly autoMount?: boolean | undefined;
  readonly name?: string | undefined;
}

/** A link in an e-mail has neither session nor token. */
type Asker = Pick<Caller, "userId"> & Partial<Pick<Caller, "credential" | "lacksProof">>;

/** Omitted settings stay, even with concurrent changes. @throws HoldfastError forbidden, proof_required */
export async function changeSettings(
  { shards }: Pick<AccountWorld, "shards">,
  asker: Asker,
  change: SettingsChange,
): Promise<void> {
  const { userId } = asker;
  const name = change.name?.trim();
  if (name !== undefined) assertPlainText(name, "name");
  await inTransaction(shards.ofId(userId).db, async (transaction) => {
    await assertMayQuieten(transaction, asker, change.notify?.device);
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

const levels: readonly NotifySettings["device"][] = ["off", "app", "mail"];

/**
 * Protects alerts about new devices, which a thief with a session or token would turn off first.
 * @throws HoldfastError forbidden, proof_required
 */
async function assertMayQuieten(transaction: ShardQueries, asker: Asker, wanted: NotifySettings["device"] | undefined) {
  if (wanted === undefined) return;
  const { notify } = await readSettingsIn(transaction, asker.userId);
  if (levels.indexOf(wanted) >= levels.indexOf(notify.device)) return;
  if (isByToken(asker)) throw neededSignedIn("cannot turn off alerts about new devices");
  if (asker.lacksProof === true) throw proofRequired();
}

async function choose(transaction: ShardQueries, userId: UserId, { language, notify = {} }: SettingsChange) {
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
