import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { accountRoutes } from "@holdfast/protocol/account-routes";
import { issueWords } from "@holdfast/protocol/issue-words";
import type { AccountStore } from "../context/account-world.ts";
import { hasAdministrator, settingUp } from "../people/administrators.ts";
import { releaseEmail } from "../context/directory.ts";
import { createInvitation } from "./invitations.ts";
import { isTriedFirst } from "../passwords/new-password.ts";
import { createUser } from "./sign-up.ts";

export interface SetUpOptions {
  /** Called if the environment's password is among the first guesses; it is used anyway. */
  readonly onWeak?: () => void;
}

/**
 * Creates the first administrator from the environment, or else a one-time token for the set-up page. Only digests are
 * stored, so each restart creates another token; each works for its lifetime.
 * @returns undefined if there is nothing to set up
 * @throws HoldfastError usage for an invalid address or password
 */
export function setUp(
  store: AccountStore,
  administrator: { email: string; password: string } | undefined,
  { onWeak = () => {} }: SetUpOptions = {},
): Promise<string | undefined> {
  return settingUp(store, async () => {
    const done = await hasAdministrator(store);
    if (!done && administrator === undefined) {
      return (await createInvitation(store, { kind: "setup", email: null })).token;
    }
    await endSetupTokens(store);
    if (done || administrator === undefined) return undefined;
    assertAdministrator(administrator);
    // No other process sets up now, so only an interrupted start can have left the reservation.
    await releaseEmail(store.shards, administrator.email);
    const user = { ...administrator, name: "Administrator", admin: true, confirmed: true, takesAnyPassword: true };
    if (await isTriedFirst(user.password, user)) onWeak();
    await createUser(store, user).catch((error: unknown) => {
      if (!(error instanceof HoldfastError) || error.code !== "invalid_field") throw error;
      throw new HoldfastError("usage", `${variableOf(error.field)}: ${error.message}`, { cause: error });
    });
    return undefined;
  });
}

/**
 * Ends older tokens, which strangers may have seen.
 * @throws HoldfastError conflict if there is an administrator
 */
export function renewSetupToken(store: AccountStore): Promise<{ token: string; expiresAtMicros: number }> {
  return settingUp(store, async () => {
    if (await hasAdministrator(store)) {
      throw new HoldfastError(
        "conflict",
        "This server already has an administrator, so it prints no set-up link. On the server, 'holdfast admin users ls --data DIR' lists administrators and 'holdfast admin users reset-password EMAIL --data DIR' sets a new password.",
      );
    }
    await endSetupTokens(store);
    return createInvitation(store, { kind: "setup", email: null });
  });
}

async function endSetupTokens({ shards }: AccountStore): Promise<void> {
  await shards.of(toBucket(0)).db.deleteFrom("shard.invitations").where("kind", "=", "setup").execute();
}

/** @throws HoldfastError usage, naming the variable */
export function assertAdministrator(administrator: { email: string; password: string }): void {
  const { error } = accountRoutes.adminCreateUser.body.safeParse(administrator, { error: issueWords });
  const issue = error?.issues[0];
  if (issue !== undefined) throw new HoldfastError("usage", `${variableOf(issue.path[0])}: ${issue.message}.`);
}

function variableOf(field: unknown): string {
  return field === "password" ? "HOLDFAST_ADMIN_PASSWORD" : "HOLDFAST_ADMIN_EMAIL";
}
