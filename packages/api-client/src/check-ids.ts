import { HoldfastError } from "@holdfast/core/errors";
import { isHashHex, isId } from "@holdfast/core/ids";

const bare = /^[0-9a-zA-Z-]{1,64}$/;
const operation = /^[0-9a-f]{32}$/;

/** All other members whose name ends like an id must be ids of version 8. */
const forms = new Map<string, (text: string) => boolean>([
  // An invitation is identified by the hash of its secret.
  ["id", (text) => isId(text) || isHashHex(text)],
  ["hash", isHashHex],
  ["content_id", isHashHex],
  ["operation_id", (text) => operation.test(text)],
  ["server_id", (text) => bare.test(text)],
  ["pack_id", (text) => bare.test(text)],
  // For logs only; a proxy may have chosen it.
  ["request_id", () => true],
]);

/**
 * Only place where a response's ids are checked, for any size. They become file names and table keys, so an id that
 * violates docs/format.md rejects the response.
 * @throws HoldfastError failed with the member's name
 */
export function checkIds(answer: unknown): void {
  const member = findBadId(answer);
  if (member === undefined) return;
  const message = `The server's response has an invalid ID in ${member}, so it was not used. Is it a Holdfast server of the same version as this program?`;
  throw new HoldfastError("failed", message);
}

/** @returns the first invalid member, such as `items[3].version_id` */
export function findBadId(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const bad = findBadId(value[index]);
      if (bad !== undefined) return `[${index}]${bad.startsWith("[") ? "" : "."}${bad}`;
    }
    return undefined;
  }
  for (const name of Object.keys(value)) {
    const member: unknown = Reflect.get(value, name);
    if (isNaming(name) && !isOfForm(name, member)) return name;
    // `metadata` belongs to people. Details of audit entries are no names; earlier servers stored addresses there.
    if (name === "detail" && Object.hasOwn(value, "chain")) continue;
    // A setting's value has its own names, such as the ID of a shard or of an OpenID Connect client.
    if (name === "value" && Object.hasOwn(value, "secret")) continue;
    // A browser's passkey options have their own names, which only the browser reads.
    if (typeof member !== "object" || member === null || name === "metadata" || name === "webauthn") continue;
    const bad = findBadId(member);
    if (bad !== undefined) return `${name}${bad.startsWith("[") ? "" : "."}${bad}`;
  }
  return undefined;
}

function isNaming(name: string): boolean {
  return name === "id" || name === "hash" || name.endsWith("_id");
}

function isOfForm(name: string, member: unknown): boolean {
  if (member === null || member === undefined) return true;
  return typeof member === "string" && (forms.get(name) ?? isId)(member);
}
