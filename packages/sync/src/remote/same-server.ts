import { HoldfastError } from "@holdfast/core/errors";
import type { Ears } from "./ears.ts";

/** Another server, or another account on it, answers at the address of the known one. */
export class OtherServer extends HoldfastError {
  constructor(message: string) {
    super("failed", message);
  }
}

/**
 * Lists all that the server has. Somebody may have set up another one at the same address and signed in to it: its tree and this folder
 * would be merged. It is asked afterwards too, since the login may change meanwhile.
 * @throws OtherServer before what was listed counts
 */
export async function ofSameServer<Listed>(
  ears: Pick<Ears, "server" | "identity">,
  list: () => Promise<Listed>,
): Promise<Listed> {
  await assertSameServer(ears);
  const listed = await list();
  await assertSameServer(ears);
  return listed;
}

async function assertSameServer({ server, identity }: Pick<Ears, "server" | "identity">): Promise<void> {
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
