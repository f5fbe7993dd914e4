import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "./database.ts";
import { codeOf, toDatabaseError } from "./database-error.ts";
import { databaseName } from "./database-name.ts";
import { openClient } from "./primary/open-client.ts";

const versionMin = 15;
/** Without any of these, a crash of the database's machine can lose or corrupt acknowledged data. */
const durabilitySettings = ["fsync", "full_page_writes", "synchronous_commit"];

/**
 * Checks an external database (`--database-url`).
 * @throws HoldfastError `unavailable` if it does not respond; `failed` if it is too old, not durable, not UTF-8, or
 * denies access
 */
export async function checkExternalPostgres(connection: Connection): Promise<void> {
  const client = openClient(connection, { application_name: "holdfast check", connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string; setting: string }>(
      "select name, setting from pg_settings where name = any($1)",
      [["server_version_num", "server_encoding", ...durabilitySettings]],
    );
    refuse(new Map(rows.map((row) => [row.name, row.setting])));
  } catch (error) {
    throw explain(error, connection);
  } finally {
    await client.end().catch(() => {});
  }
}

function refuse(settings: ReadonlyMap<string, string>): void {
  const major = Math.trunc(Number(settings.get("server_version_num")) / 10_000);
  if (major < versionMin) {
    throw new HoldfastError(
      "failed",
      `The database of --database-url is PostgreSQL ${major}; Holdfast needs ${versionMin} or later.`,
    );
  }
  const off = durabilitySettings.filter((name) => settings.get(name) === "off");
  if (off.length > 0) {
    throw new HoldfastError(
      "failed",
      `The database of --database-url runs with ${off.map((name) => `${name} = off`).join(", ")}, so a power cut could ` +
        `lose files that were acknowledged. Set ${off.join(" and ")} to on (postgresql.conf, ALTER SYSTEM, ALTER ROLE or ` +
        "ALTER DATABASE) and start again.",
    );
  }
  const encoding = settings.get("server_encoding");
  if (encoding !== "UTF8") {
    throw new HoldfastError(
      "failed",
      `The database of --database-url stores ${encoding}, and names need UTF8: create it with ENCODING 'UTF8' TEMPLATE template0.`,
    );
  }
}

function explain(error: unknown, connection: Connection): unknown {
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  // 28: invalid authorization; 3D000: no such database.
  if (code?.startsWith("28") === true || code === "3D000") {
    return new HoldfastError("failed", `The database of --database-url rejected the connection: ${reason}`, {
      cause: error,
    });
  }
  const known = toDatabaseError(error);
  if (!(known instanceof HoldfastError) || known.code !== "unavailable") return known;
  const name = databaseName(connection);
  if (error instanceof HoldfastError) {
    const message = `The database of --database-url (${name}) cannot be used: ${reason}`;
    return new HoldfastError("unavailable", message, { cause: error });
  }
  const why = code === "ECONNREFUSED" ? "nothing listens there" : reason;
  return new HoldfastError(
    "unavailable",
    `The database of --database-url at ${name} does not answer: ${why}. Check the address, and that PostgreSQL is running.`,
    { cause: error },
  );
}
