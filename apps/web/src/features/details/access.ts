import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import type { Messages } from "../../messages/messages.ts";

export function accessWords(permissions: readonly PermissionJson[], { message }: Pick<Messages, "message">): string {
  const given = permissions.filter(({ app, disabled }) => app !== true && disabled !== true);
  // A person may have a permission here and others on folders above.
  const countOf = (...kinds: readonly PermissionJson["grantee"]["kind"][]) =>
    new Set(given.flatMap(({ grantee }) => (kinds.includes(grantee.kind) ? [grantee.id ?? grantee] : []))).size;
  const [people, groups, links] = [countOf("user", "pending"), countOf("group"), countOf("link")];
  const who = [
    ...(people === 0 ? [] : [message("details.people", { count: people })]),
    ...(groups === 0 ? [] : [message("details.groups", { count: groups })]),
    ...(links === 0 ? [] : [message("details.links", { count: links })]),
  ].join(", ");
  if (who === "") return message("details.private");
  const isAbove = given.every(({ inherited_from: above }) => above !== undefined);
  return message(isAbove ? "details.sharedAbove" : "details.sharedWith", { who });
}
