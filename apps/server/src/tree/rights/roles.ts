import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";

export type Role = NodeJson["role"];

/** Action on a node. `read` includes versions. `own` is to purge, rewind and transfer. */
export type Act = "read" | "comment" | "create" | "write" | "share" | "own";

const acts: Readonly<Record<Role, ReadonlySet<Act>>> = {
  viewer: new Set(["read"]),
  commenter: new Set(["read", "comment"]),
  editor: new Set(["read", "comment", "create", "write", "share"]),
  uploader: new Set(["create"]),
  owner: new Set(["read", "comment", "create", "write", "share", "own"]),
};

export function roleMay(role: Role, act: Act): boolean {
  return acts[role].has(act);
}

/** @returns true if the first role includes the other */
export function roleCovers(role: Role, other: Role): boolean {
  return acts[other].isSubsetOf(acts[role]);
}

/** For a node that the caller can see. @throws HoldfastError forbidden */
export function assertMay({ role }: { readonly role: Role }, act: Act): void {
  if (roleMay(role, act)) return;
  const article = /^[aeo]/.test(role) ? "an" : "a";
  throw new HoldfastError("forbidden", `You are ${article} ${role} here, and ${role}s cannot do this.`);
}
