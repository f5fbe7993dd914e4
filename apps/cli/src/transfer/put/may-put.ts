import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import type { KnownRole, QueuedFile } from "./put-work.ts";

/** Roles that can only read. For all other roles the server decides. */
const readers: ReadonlySet<string | undefined> = new Set<NodeJson["role"]>(["viewer", "commenter"]);

/** @returns forbidden, if the role alone tells that the server would refuse an upload, before any byte of it travels */
export function refusalAt({ role, path = "/", name = "" }: KnownRole = {}): HoldfastError | undefined {
  if (!readers.has(role)) return undefined;
  // A shared item that is mounted nowhere has no path of its own.
  const where = path === "/" && name !== "" ? name : path;
  return new HoldfastError("forbidden", `You are a ${role} of ${where}, and ${role}s cannot upload.`);
}

/** The same for a file: a new version needs a role at the file that it replaces, anything else one at the folder. */
export function refusalOf({ entry, folder, remote, exchange }: Omit<QueuedFile, "isLate">): HoldfastError | undefined {
  if (remote === undefined || exchange) return refusalAt(folder.at);
  return refusalAt(childAt(folder.at, entry.name, remote.role));
}

export function childAt({ path = "/" }: KnownRole = {}, name: string, role: KnownRole["role"]): KnownRole {
  return { role, path: path === "/" ? name : `${path}/${name}` };
}

/** @throws HoldfastError forbidden */
export function assertMayPut(node: KnownRole | undefined): void {
  const refusal = refusalAt(node);
  if (refusal !== undefined) throw refusal;
}
