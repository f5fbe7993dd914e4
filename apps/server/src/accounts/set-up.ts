import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { accountRoutes } from "@holdfast/protocol/account-routes";
import { sql } from "kysely";
import { inTransaction } from "../db/database.ts";
import type { AccountStore } from "./account-world.ts";
import { hasAdministrator } from "./administrators.ts";
import { releaseEmail } from "./directory.ts";
import { createInvitation } from "./invitations.ts";
import { createUser } from "./sign-up.ts";

/**
 * A server without an administrator gets one from the environment, or a fresh one-time token (older ones stop working)
 * with which somebody makes it on the set-up page. Of several instances that start at once one does it.
 * @returns the token, or undefined if there is nothing to set up
 * @throws HoldfastError usage for an address or password that is none
 */
export function setUp(
  store: AccountStore,
  administrator: { email: string; password: string } | undefined,
): Promise<string | undefined> {
  const { db } = store.shards.of(toBucket(0));
  return inTransaction(db, async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('holdfast set-up', 0))`.execute(transaction);
    const done = await hasAdministrator(store);
    await db.deleteFrom("shard.invitations").where("kind", "=", "setup").execute();
    if (done) return undefined;
    if (administrator === undefined) {
      return (await createInvitation(store, { kind: "setup", email: null })).token;
    }
    assertAdministrator(administrator);
    // Only a start that died in the middle can have left it, since none other is here now.
    await releaseEmail(store.shards, administrator.email);
    await createUser(store, {
      ...administrator,
      name: "Administrator",
      admin: true,
      confirmed: true,
    });
    return undefined;
  });
}

function assertAdministrator(administrator: { email: string; password: string }): void {
  const issue = accountRoutes.adminCreateUser.body.safeParse(administrator).error?.issues[0];
  if (issue === undefined) return;
  const variable = issue.path[0] === "password" ? "HOLDFAST_ADMIN_PASSWORD" : "HOLDFAST_ADMIN_EMAIL";
  throw new HoldfastError("usage", `${variable}: ${issue.message}.`);
}
