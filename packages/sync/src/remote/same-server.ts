import { HoldfastError } from "@holdfast/core/errors";
import type { FetchContext } from "./fetch-context.ts";

/** Another server or account answers at the known address. */
export class OtherServer extends HoldfastError {
  constructor(message: string) {
    super("failed", message);
  }
}

/**
 * Verifies the identity before and after a listing, because the login may change meanwhile. Another server at the same
 * address would be merged with this folder.
 * @throws OtherServer before the listing is used
 */
export async function withServerCheck<Listed>(
  context: Pick<FetchContext, "server" | "identity">,
  list: () => Promise<Listed>,
): Promise<Listed> {
  await assertSameServer(context);
  const listed = await list();
  await assertSameServer(context);
  return listed;
}

async function assertSameServer({ server, identity }: Pick<FetchContext, "server" | "identity">): Promise<void> {
  const found = await server.whoAnswers();
  const isOtherServer = found.serverId !== identity.serverId;
  if (!isOtherServer && found.accountId === identity.accountId) return;
  const [what, known, answers] = isOtherServer
    ? ["server", identity.serverId, found.serverId]
    : ["account", identity.accountId, found.accountId];
  throw new OtherServer(
    `A different ${what} now answers at the address that this folder is synced with: ${answers}, not ${known}. No files were changed. ` +
      `Bring the ${what} ${known} back and sign in to it again, or remove this sync.`,
  );
}
