import { HoldfastError } from "@holdfast/core/errors";
import { type ClientChoices, openClient, thisConfigFolder } from "../config/connection.ts";
import { otherServer } from "../config/ended-login.ts";
import type { Login } from "../config/saved-login.ts";
import { readKnownSyncs } from "../sync/known-syncs.ts";
import type { Run } from "../invocation/run.ts";

/** @returns undefined if the server does not report its id; the login works without it */
export async function serverIdOf(server: string, choices: ClientChoices): Promise<string | undefined> {
  const client = openClient(server, choices);
  try {
    return (await client.call("getAccount")).server_id;
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return undefined;
    throw thrown;
  } finally {
    await client.close();
  }
}

/**
 * Reports that the previous login or a sync belongs to another server at the same address, and lists folders that stay
 * unchanged.
 */
export async function reportOtherServer(
  { context, output }: Run,
  { server, serverId }: Pick<Login, "server" | "serverId">,
  former: Login | undefined,
): Promise<void> {
  if (serverId === undefined) return;
  const isOther = (known: { readonly server: string; readonly id: string | undefined }): boolean =>
    known.server === server && known.id !== undefined && known.id !== serverId;
  const records = (await readKnownSyncs(thisConfigFolder(context.environment))).map(({ record }) => record);
  const synced = records.filter((record) => isOther({ server: record.server, id: record.server_id }));
  const before =
    former !== undefined && isOther({ server: former.server, id: former.serverId }) ? former.serverId : undefined;
  const known = before ?? synced[0]?.server_id;
  if (known === undefined) return;
  const folders =
    synced.length === 0 ? "" : ` Folders synced with another server: ${synced.map(({ root }) => root).join(", ")}.`;
  output.note(`${otherServer(server, known, serverId)}${folders}`);
}
