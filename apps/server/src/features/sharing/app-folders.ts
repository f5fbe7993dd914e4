import { HoldfastError } from "@holdfast/core/errors";
import type { GrantId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AppFolder } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { changeRights, removeGrants, type RightsWorld, serverOf } from "./change-rights.ts";
import { grantNode, newGrantId } from "./grant-node.ts";
import type { SharingWorld } from "./sharing-world.ts";

/**
 * Opens the folder for a confined app password. A link without a secret, which nobody can open, confines the password
 * as links confine their visitors.
 * @throws HoldfastError not_found, invalid_field if it is not one's own folder
 */
export async function openAppFolder(world: SharingWorld, caller: Caller, id: string): Promise<AppFolder> {
  const node = await findNode(world.shards, caller, id);
  if (node.row.kind !== "folder" || node.role !== "owner" || node.row.space_id !== caller.spaceId) {
    throw new HoldfastError("invalid_field", "folder_id: is not a folder that you own.", { field: "folder_id" });
  }
  const grantId = newGrantId(world, node.row);
  return {
    grantId,
    folderId: node.row.id,
    give: async ({ name, role }) => {
      const grant = { kind: "link", grantee_id: null, email: null, email_key: null, expires_at: null } as const;
      await grantNode(world, caller, node, { ...grant, id: grantId, name, role });
    },
  };
}

const grantsAtOnce = 1000;

/** Removes unused grants of ended app passwords. */
export async function endAppFolders(world: RightsWorld): Promise<void> {
  for (const { db } of world.shards.all()) {
    // Index: grants_app, which contains only such grants.
    const { rows } = await sql<{ space_id: SpaceId; id: GrantId }>`
      select g.space_id, g.id from shard.grants g
      where g.kind = 'link' and g.secret_hash is null and not exists (select from shard.tokens t where t.grant_id = g.id)
      limit ${grantsAtOnce}`.execute(db);
    for (const { space_id: spaceId, id } of rows)
      await changeRights(world, spaceId, serverOf(spaceId), async (rights) => void (await removeGrants(rights, [id])));
  }
}
