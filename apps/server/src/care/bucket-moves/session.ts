import { HoldfastError } from "@holdfast/core/errors";
import type pg from "pg";
import type { Connection } from "../../base/db/database.ts";
import { toDatabaseError } from "../../base/db/database-error.ts";
import { openClient } from "../../base/db/primary/open-client.ts";
import { within } from "../../base/within.ts";

/** Safety limit. A statement may wait for transactions of others, or analyze a large table. */
const statementMsMax = 600_000;
/** After an interruption, so that an interrupted switch can first open the fence. */
const graceMs = 3000;
/** A database behind a dead network does not respond. */
const endMsMax = 5000;

/**
 * Runs the work with a session outside the pools, which may hold locks while the work lasts.
 * @param signal ends the session after a short time, and with it a statement that waits
 * @throws HoldfastError unavailable if the database does not answer or has no free connection, conflict if it rejects the session
 */
export async function withSession<Result>(
  connection: Connection,
  work: (session: pg.Client) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  signal?.throwIfAborted();
  const session = openClient(connection, {
    application_name: "holdfast move",
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementMsMax,
  });
  // The next statement fails.
  session.on("error", () => {});
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    timer = setTimeout(() => void session.end(), graceMs);
  };
  signal?.addEventListener("abort", interrupt);
  try {
    await connect(session);
    return await work(session);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearTimeout(timer);
    await within(endMsMax, session.end(), () => {});
  }
}

async function connect(session: pg.Client): Promise<void> {
  await session.connect().catch((error: unknown) => {
    const known = toDatabaseError(error);
    if (known instanceof HoldfastError) throw known;
    const message = `The database ${session.database ?? ""} on ${session.host} rejects the connection: ${(error as Error).message}`;
    throw new HoldfastError("conflict", message, { cause: error });
  });
  // The name in a database URL overrides the one above.
  await session.query("select set_config('application_name', 'holdfast move', false)");
}
