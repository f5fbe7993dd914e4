import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import { type BucketRange, isInRange, type MovedTable, movedTables } from "../../base/db/bucket-columns.ts";
import type { Connection } from "../../base/db/database.ts";
import { currentTimeline } from "../../base/db/primary/server-state.ts";
import { movingState } from "../../base/db/database-error.ts";

/** One session on each shard, which lives as long as the work. */
export interface Sessions {
  readonly source: pg.Client;
  readonly target: pg.Client;
}

export interface CopiedRange {
  /** Name of the publication, slot and subscription. */
  readonly name: string;
  readonly buckets: BucketRange;
}

/** Rows of versions before migration 191 may belong to any bucket, so both shards have them until they expire. */
function isCopied({ column, kind, ...table }: MovedTable, buckets: BucketRange): string {
  const condition = isInRange({ column, kind, ...table }, buckets);
  return kind === "bucket" ? `(${column} is null or ${condition})` : condition;
}

/** With that of the marks. */
export const copiedTables = movedTables.length + 1;

/** Begins the copy, or continues an interrupted beginning. The tables of the target are empty. */
export async function beginCopy(
  { source, target }: Sessions,
  copied: CopiedRange,
  connection: Connection,
): Promise<void> {
  const { name, buckets } = copied;
  // Its slot may be lost, as after a failover. A new one would skip the changes before it.
  if (await hasSubscription(target, name)) return;
  if (!(await has(source, "pg_publication", "pubname", name))) {
    const tables = movedTables.map((table) => `shard.${table.table} where (${isCopied(table, buckets)})`);
    await source.query(
      `create publication ${name} for table ${tables.join(", ")}, shard.move_marks with (publish = 'insert, update, delete')`,
    );
  }
  // Made here, because a subscription to another database of the same PostgreSQL cannot make it.
  if (!(await has(source, "pg_replication_slots", "slot_name", name)))
    await source.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [name]);
  const from = await timelineOf(source);
  await source.query(`comment on publication ${name} is '${from}'`);
  // A row that can be seen is durable, before a client relies on it.
  const options = "copy_data = true, create_slot = false, synchronous_commit = 'on'";
  await target.query(`
    create subscription ${name} connection ${pg.escapeLiteral(conninfoOf(connection))} publication ${name}
      with (${options}, slot_name = ${pg.escapeLiteral(name)});
    comment on subscription ${name} is '${await timelineOf(target)}'`);
}

async function timelineOf(session: pg.Client): Promise<string> {
  const { rows } = await session.query<{ timeline: string }>(`select (${currentTimeline})::text as timeline`);
  return rows[0]?.timeline ?? "";
}

/** The form of libpq. The driver reads the URL, because libpq rejects some of its options. */
export function conninfoOf(connection: Connection): string {
  const { primary, ...config } = connection;
  const client = new pg.Client(config);
  const hosts = primary === undefined || primary.hosts.length === 0 ? [client] : primary.hosts;
  const values = {
    host: hosts.map(({ host }) => host).join(),
    port: hosts.map(({ port }) => port).join(),
    user: client.user,
    password: client.password ?? undefined,
    dbname: client.database,
    target_session_attrs: hosts.length > 1 ? "read-write" : undefined,
    ...tlsOf(connection),
  };
  return Object.entries(values)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}='${value.replaceAll(/['\\]/g, "\\$&")}'`]))
    .join(" ");
}

function tlsOf({ connectionString = "" }: Connection): Record<string, string | undefined> {
  const given = new URLSearchParams(connectionString.split("?")[1] ?? "");
  const mode = given.get("sslmode");
  const files = ["sslrootcert", "sslcert", "sslkey"].map((name) => [name, given.get(name) ?? undefined] as const);
  // A value of the driver only.
  return { sslmode: mode === "no-verify" ? "require" : (mode ?? undefined), ...Object.fromEntries(files) };
}

/** @throws pg.DatabaseError if the target cannot connect to the source, or may not subscribe. Changes nothing. */
export async function tryToSubscribe(target: pg.Client, from: Connection): Promise<void> {
  await target.query("begin");
  try {
    await target.query(
      `create subscription holdfast_trial connection ${pg.escapeLiteral(conninfoOf(from))} publication holdfast_trial with (enabled = false, create_slot = false, slot_name = none)`,
    );
  } finally {
    await target.query("rollback");
  }
}

export interface CopyProgress {
  /** Tables whose rows were all copied, of `tables`. Later changes follow. */
  readonly copied: number;
  readonly tables: number;
  /** Log of the source that the target has not confirmed. */
  readonly behindBytes: number;
  /** Why the copy cannot go on. */
  readonly problem: string | undefined;
}

export async function readProgress({ source, target }: Sessions, { name }: CopiedRange): Promise<CopyProgress> {
  const { rows: states } = await target.query<{ copied: string; tables: string; is_later: boolean | null }>(
    `select count(r.srrelid) filter (where r.srsubstate = 'r') as copied, count(r.srrelid) as tables,
        obj_description(s.oid, 'pg_subscription') <> (${currentTimeline})::text as is_later
      from pg_subscription s left join pg_subscription_rel r on r.srsubid = s.oid
      where s.subname = $1 and s.subdbid = (select oid from pg_database where datname = current_database()) group by s.oid`,
    [name],
  );
  const { rows: slots } = await source.query<{ behind: string | null; status: string; is_later: boolean | null }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) as behind, wal_status as status,
        (select obj_description(oid, 'pg_publication') from pg_publication where pubname = $1)
          <> (${currentTimeline})::text as is_later
      from pg_replication_slots where slot_name = $1`,
    [name],
  );
  const [state, slot] = [states[0], slots[0]];
  return {
    copied: Number(state?.copied ?? 0),
    tables: Number(state?.tables ?? 0),
    behindBytes: Number(slot?.behind ?? Number.POSITIVE_INFINITY),
    problem: problemOf(
      state !== undefined && slot !== undefined && slot.status !== "lost",
      state?.is_later === true || slot?.is_later === true,
    ),
  };
}

/** @param isLater a standby was promoted since the copy began, and may lack what the other side has or has confirmed */
function problemOf(hasLog: boolean, isLater: boolean): string | undefined {
  if (!hasLog) return "The old shard no longer has the log that the copy needs.";
  return isLater ? "A database of the move has a new primary, which may lack changes." : undefined;
}

const [writeTrigger, deleteTrigger] = ["holdfast_move_write", "holdfast_move_delete"];
/** Set in the session that deletes moved rows. */
const ownSession = "holdfast.moving";
const fenceLock = "hashtextextended('holdfast move', 0)";
/** Longest wait of others behind the wait for a lock. */
const lockTimeoutMs = 500;
const moverLock = "hashtextextended('holdfast mover', 0)";

/**
 * Both sessions lock their database, so that a process that lost one of them cannot act beside another one.
 * @throws HoldfastError locked if another process continues the move
 */
export async function lockMover(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ taken: boolean }>(`select pg_try_advisory_lock(${moverLock}) as taken`);
  if (rows[0]?.taken !== true) throw new HoldfastError("locked", "Another process continues the move.");
}

/**
 * Prepares the fence: each writer of the buckets holds a shared lock until its transaction ends, and fails if the fence
 * is closed. Other rows are written as before.
 */
export async function prepareFence({ source }: Pick<Sessions, "source">, buckets: BucketRange): Promise<void> {
  await source.query(`
    create or replace function shard.check_move() returns trigger language plpgsql as $$ begin
      perform pg_advisory_xact_lock_shared(${fenceLock});
      -- A start writes the rules of groups again.
      if tg_nargs > 0 and tg_op = 'INSERT' and exists (select from shard.access_rules r where r is not distinct from new) then
        return new;
      end if;
      if tg_nargs > 0 and tg_op = 'UPDATE' and new is not distinct from old then return new; end if;
      if (select last_value from shard.move_fence) between 1 and (case when tg_nargs > 0 then 1 else 2 end) then
        raise exception 'These rows are being moved to another shard.' using errcode = '${movingState}';
      end if;
      if tg_op = 'DELETE' then return old; end if;
      return new;
    end $$`);
  for (const { table, column, kind } of movedTables) {
    // Rules of groups are on all shards: none may change until each process knows the new shard.
    const isRule = table === "access_rules";
    const check = `shard.check_move(${isRule ? "'rule'" : ""})`;
    const when = (row: string) =>
      [
        `current_setting('${ownSession}', true) is distinct from 'on'`,
        ...(isRule ? [] : [isInRange({ column, kind }, buckets, row)]),
      ].join(" and ");
    await withLocks(source, [
      `create or replace trigger ${writeTrigger} before insert or update on shard.${table} for each row when (${when("new.")}) execute function ${check}`,
      `create or replace trigger ${deleteTrigger} before delete on shard.${table} for each row when (${when("old.")}) execute function ${check}`,
    ]);
  }
}

/**
 * Ends writing to the buckets after the transactions that write now, and adds a mark after everything that was written.
 * @throws pg.DatabaseError 55P03 if a transaction takes too long
 */
export async function closeFence({ source }: Pick<Sessions, "source">, mark: string): Promise<void> {
  await source.query("select setval('shard.move_fence', 1)");
  await withLocks(source, [`select pg_advisory_xact_lock(${fenceLock})`]);
  await source.query("insert into shard.move_marks (id) values ($1)", [mark]);
}

/** After the switch, when each process knows the new shard: only the moved rows are fenced. */
export async function narrowFence({ source }: Pick<Sessions, "source">): Promise<void> {
  await source.query("select setval('shard.move_fence', 2)");
}

export async function openFence({ source }: Pick<Sessions, "source">): Promise<void> {
  await source.query("select setval('shard.move_fence', 0)");
}

/** For a move that was canceled. */
export async function removeFence(sessions: Pick<Sessions, "source">): Promise<void> {
  const { source } = sessions;
  await openFence(sessions);
  for (const { table } of movedTables) {
    const drop = (trigger: string) => `drop trigger if exists ${trigger} on shard.${table}`;
    await withLocks(source, [drop(writeTrigger), drop(deleteTrigger)]);
  }
  await source.query("drop function if exists shard.check_move()");
  await source.query("delete from shard.move_marks");
}

/** Others wait behind a waiting lock, so it gives up soon. */
async function withLocks(session: pg.Client, statements: readonly string[]): Promise<void> {
  await session.query("begin");
  try {
    await session.query(`set local lock_timeout = '${lockTimeoutMs}ms'`);
    for (const statement of statements) await session.query(statement);
    await session.query("commit");
  } catch (error) {
    await session.query("rollback").catch(() => {});
    throw error;
  }
}

/** The target applies transactions in the order of the source. */
export async function hasMark({ target }: Pick<Sessions, "target">, mark: string): Promise<boolean> {
  return (await target.query("select from shard.move_marks where id = $1", [mark])).rows.length > 0;
}

/** Rows that are equal on all shards. */
export async function copyCommonRows(sessions: Sessions): Promise<void> {
  const { target } = sessions;
  await target.query("begin");
  try {
    await copyCommon(sessions);
    await target.query("commit");
  } catch (error) {
    await target.query("rollback").catch(() => {});
    throw error;
  }
}

async function copyCommon({ source, target }: Sessions): Promise<void> {
  const common = [
    { table: "plans", key: "name", where: "true" },
    // Rules of groups and of the server. An account's rule is on its shard only.
    {
      table: "access_rules",
      key: "subject_id",
      where: "not exists (select from shard.users u where u.id = r.subject_id)",
    },
    { table: "server_facts", key: "name", where: "r.name = 'retention_cut'" },
  ];
  for (const { table, key, where } of common) {
    const { rows } = await source.query<{ rows: unknown }>(
      `select coalesce(json_agg(r), '[]') as rows from shard.${table} r where ${where}`,
    );
    const { rows: columns } = await target.query<{ name: string }>(
      "select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped",
      [`shard.${table}`],
    );
    await target.query(`delete from shard.${table} r where ${where}`);
    const set = columns.map(({ name }) => `${name} = excluded.${name}`).join(", ");
    await target.query(
      `insert into shard.${table} select * from json_populate_recordset(null::shard.${table}, $1) on conflict (${key}) do update set ${set}`,
      [JSON.stringify(rows[0]?.rows)],
    );
  }
}

/** Also removes what an interrupted beginning left. The target keeps the rows. */
export async function endCopy({ source, target }: Sessions, copied: CopiedRange): Promise<void> {
  if (await hasSubscription(target, copied.name)) {
    // Dropping a subscription drops its slot, and fails if there is none, as after a failover.
    if (!(await has(source, "pg_replication_slots", "slot_name", copied.name))) {
      await target.query(`alter subscription ${copied.name} disable`);
      await target.query(`alter subscription ${copied.name} set (slot_name = none)`);
    }
    await target.query(`drop subscription ${copied.name}`);
  }
  await endPublication({ source }, copied);
  await target.query("delete from shard.move_marks");
}

/** Without the target, whose subscription then finds nothing. */
export async function endPublication(
  { source }: Pick<Sessions, "source">,
  { name }: Pick<CopiedRange, "name">,
): Promise<void> {
  const { rows } = await source.query<{ pid: number | null }>(
    "select active_pid as pid from pg_replication_slots where slot_name = $1",
    [name],
  );
  for (const { pid } of rows) {
    // A target that cannot be reached may still receive.
    if (pid !== null) await source.query("select pg_terminate_backend($1, 5000)", [pid]);
    await source.query("select pg_drop_replication_slot($1)", [name]);
  }
  await source.query(`drop publication if exists ${name}`);
}

/** @throws Error if a deletion of rows on the source would reach the target */
async function assertNoCopy({ source, target }: Sessions, { name }: CopiedRange): Promise<void> {
  const isThere = (await has(source, "pg_publication", "pubname", name)) || (await hasSubscription(target, name));
  if (isThere) throw new Error("The rows are still copied.");
}

const pagesPerDeletion = 2000;

/**
 * Deletes the rows of the buckets on the source, in portions of the table's pages.
 * @param assertMayGoOn called between portions
 */
export async function removeRows(
  sessions: Sessions,
  copied: CopiedRange,
  assertMayGoOn: () => void,
): Promise<{ readonly rows: number }> {
  const { source } = sessions;
  await assertNoCopy(sessions, copied);
  let removed = 0;
  await source.query("select set_config($1, 'on', false)", [ownSession]);
  for (const table of movedTables) {
    const isOwn =
      table.table === "access_rules" ? " and exists (select from shard.users u where u.id = subject_id)" : "";
    const { rows } = await source.query<{ pages: string }>(
      "select pg_relation_size($1::regclass) / current_setting('block_size')::int8 as pages",
      [`shard.${table.table}`],
    );
    const pages = Number(rows[0]?.pages ?? 0);
    for (let page = 0; page < pages; page += pagesPerDeletion) {
      assertMayGoOn();
      const { rowCount } = await source.query(
        `delete from shard.${table.table} where ctid >= '(${page},0)' and ctid < '(${page + pagesPerDeletion},0)'
          and ${isInRange(table, copied.buckets)}${isOwn}`,
      );
      removed += rowCount ?? 0;
    }
  }
  await source.query("select set_config($1, '', false)", [ownSession]);
  return { rows: removed };
}

/** Only for a target that no process uses. */
export async function emptyTarget({ target }: Pick<Sessions, "target">): Promise<void> {
  await target.query(`truncate ${movedTables.map(({ table }) => `shard.${table}`).join(", ")}, shard.move_marks`);
}

/** For the planner, which knows nothing of copied rows until an automatic analysis. */
export async function analyzeTarget({ target }: Pick<Sessions, "target">): Promise<void> {
  for (const { table } of movedTables) await target.query(`analyze shard.${table}`);
}

async function has(session: pg.Client, view: string, column: string, name: string): Promise<boolean> {
  return (await session.query(`select from ${view} where ${column} = $1`, [name])).rows.length > 0;
}

async function hasSubscription(target: pg.Client, name: string): Promise<boolean> {
  const { rows } = await target.query(
    "select from pg_subscription where subname = $1 and subdbid = (select oid from pg_database where datname = current_database())",
    [name],
  );
  return rows.length > 0;
}
