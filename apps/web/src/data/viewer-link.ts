import { HoldfastError } from "@holdfast/core/errors";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import type { Drive } from "./drive.ts";

/** Address of a public view link without password, expiry or download limit. Creates one if there is none. */
export async function viewerLink(drive: Drive, id: string): Promise<string> {
  const { client, queries } = drive;
  const { items } = await client.call("listPermissions", { params: { id } });
  for (const link of items.filter(isPlain)) {
    const address = await readAddress(drive, link.id);
    if (address !== undefined) return address;
  }
  const { url = "" } = await client.call("shareNode", { params: { id }, body: { link: true, role: "viewer" } });
  void queries.invalidateQueries({ queryKey: ["permissions"] });
  return url;
}

/** @returns undefined for a link of an earlier version, of another person, or an expired one */
async function readAddress({ client }: Drive, id: string): Promise<string | undefined> {
  try {
    return (await client.call("readLinkAddress", { params: { id } })).url;
  } catch (thrown) {
    if (thrown instanceof HoldfastError && unreadable.has(thrown.code)) return undefined;
    throw thrown;
  }
}

const unreadable: ReadonlySet<HoldfastError["code"]> = new Set(["conflict", "forbidden", "not_found"]);

function isPlain(permission: PermissionJson): boolean {
  const { grantee, role, app, disabled, has_password: hasPassword, inherited_from: above } = permission;
  const isViewers = grantee.kind === "link" && role === "viewer" && app !== true && above === undefined;
  const isLimited = permission.expires_at !== null || permission.max_downloads != null;
  return isViewers && !isLimited && hasPassword !== true && disabled !== true;
}
