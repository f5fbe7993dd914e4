import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import type { LocalEntry } from "./local-folder.ts";
import { planPut } from "./put-plan.ts";
import type { KnownRole, QueuedFile } from "./put-work.ts";

/** Roles that can only read. For every other role the server decides. */
const readers: ReadonlySet<string | undefined> = new Set<NodeJson["role"]>(["viewer", "commenter"]);

/** @returns forbidden if the role alone shows a rejection, so that no data is sent */
export function refusalAt(
  { role, path = "/", name = "", kind }: KnownRole = {},
  action = "upload",
): HoldfastError | undefined {
  // A shared item that is not mounted has no path.
  const where = path === "/" && name !== "" ? name : path;
  if (role === "uploader" && kind === "file")
    return new HoldfastError("forbidden", `You are an uploader of ${where}, and uploaders cannot replace files.`);
  if (!readers.has(role)) return undefined;
  return new HoldfastError("forbidden", `You are a ${role} of ${where}, and ${role}s cannot ${action}.`);
}

/** A new version needs a role on the file, a new item on the folder, an exchange on both. */
export function refusalOf({ entry, folder, remote, exchange }: UploadOf): HoldfastError | undefined {
  const at = childAt(folder.at, entry.name, remote?.role);
  const own = remote === undefined ? undefined : refusalAt({ ...at, kind: remote.kind });
  return remote === undefined || exchange ? (refusalAt(folder.at) ?? own) : own;
}

type UploadOf = Pick<QueuedFile, "remote" | "exchange"> & {
  readonly entry: Pick<QueuedFile["entry"], "name">;
  readonly folder: Pick<QueuedFile["folder"], "at">;
};

/**
 * An exchange of a link and a file moves the old node to the trash, which needs a role on the node's folder.
 * @param there node to replace; if it is shared alone, the caller cannot see its folder
 */
export async function refusalOfExchange(
  client: ApiClient,
  entry: LocalEntry,
  there: NodeJson | undefined,
): Promise<HoldfastError | undefined> {
  if (there === undefined || there.role === "owner" || planPut(entry, there).do !== "exchange") return undefined;
  if (there.parent_id === null) {
    const message = `${there.name} is shared with you as a ${there.kind}: only its owner can replace it with a ${entry.kind}.`;
    return new HoldfastError("forbidden", message);
  }
  const at = await client.call("getNode", { params: { id: there.parent_id } });
  return refusalOf({ entry, folder: { at }, remote: there, exchange: true });
}

export function childAt({ path = "/" }: KnownRole = {}, name: string, role: KnownRole["role"]): KnownRole {
  return { role, path: path === "/" ? name : `${path}/${name}` };
}

/** @throws HoldfastError forbidden */
export function assertMayPut(node: KnownRole | undefined): void {
  const refusal = refusalAt(node);
  if (refusal !== undefined) throw refusal;
}
