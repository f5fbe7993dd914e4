import { HoldfastError } from "@holdfast/core/errors";
import { isHashHex, isId } from "@holdfast/core/ids";

const bare = /^[0-9a-zA-Z-]{1,64}$/;
const operation = /^[0-9a-f]{32}$/;

/** Members that name something, other than only by an id of version 8 as all the rest do whose name ends like one. */
const forms = new Map<string, (text: string) => boolean>([
  // An invitation is named by the hash of its secret.
  ["id", (text) => isId(text) || isHashHex(text)],
  ["hash", isHashHex],
  ["content_id", isHashHex],
  ["operation_id", (text) => operation.test(text)],
  ["server_id", (text) => bare.test(text)],
  ["pack_id", (text) => bare.test(text)],
  // Of the log alone; a proxy may have chosen it.
  ["request_id", () => true],
]);

/**
 * The one place where the ids of an answer are looked at, however long it is: here they become names of files and keys of
 * tables, so an id is what docs/format.md says or the answer is not used at all.
 * @param answer as it was parsed
 * @throws HoldfastError failed that names the member
 */
export function checkIds(answer: unknown): void {
  const member = findBadId(answer);
  if (member === undefined) return;
  const message = `The server's response has an invalid ID in ${member}, so it was not used. Is it a Holdfast server of the same version as this program?`;
  throw new HoldfastError("failed", message);
}

/** @returns such as `items[3].version_id`, of the first that is none */
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
    // What is in `metadata` people keep there.
    // Nor is what an entry of the audit tells besides used as a name; earlier servers wrote addresses there.
    if (name === "detail" && Object.hasOwn(value, "chain")) continue;
    // What a browser asks a passkey has names of its own, which only the browser reads.
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
