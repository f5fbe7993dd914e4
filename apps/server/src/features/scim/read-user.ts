import { limits } from "@holdfast/core/limits";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { z } from "zod";
import { refusal } from "./scim-refusal.ts";

/** Requested change of an account; undefined: unchanged. */
export interface UserWish {
  readonly userName?: string | undefined;
  readonly name?: string | undefined;
  readonly active?: boolean | undefined;
  readonly externalId?: string | null | undefined;
}

const text = (lengthMax: number) => z.string().max(lengthMax);
const schemas = z.array(text(200)).max(20).optional();
/** Entra sends booleans as "True" and "False" by default. */
const boolean = z
  .union([z.boolean(), z.string().regex(/^(?:true|false)$/i)])
  .transform((given) => String(given).toLowerCase() === "true");
const nameParts = z.object({
  formatted: text(200).nullish(),
  givenName: text(200).nullish(),
  familyName: text(200).nullish(),
});
/** Stored unchanged; databases accept no NUL byte. */
export const externalId = text(256)
  .min(1)
  .refine((given) => !given.includes("\0"), "contains a byte that is not allowed in text");

/** Ignores unknown attributes, because all identity systems send some. */
export const userBody = z.object({
  schemas,
  userName: text(limits.emailBytesMax).min(1),
  externalId: externalId.nullish(),
  displayName: text(200).nullish(),
  name: nameParts.nullish(),
  active: boolean.optional(),
});

export const patchBody = z.object({
  schemas,
  Operations: z
    .array(
      z.object({
        op: z.string().max(20),
        path: text(1000).optional(),
        value: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(limits.scimOperationsMax),
});
export type PatchBody = z.output<typeof patchBody>;

export function wishOf(body: z.output<typeof userBody>): UserWish {
  const { userName, active, externalId: external } = body;
  return { userName, active, externalId: external ?? undefined, name: nameOf(body) };
}

/** Uses the display name, because accounts have one name without parts. */
function nameOf({ displayName, name }: Pick<z.output<typeof userBody>, "displayName" | "name">): string | undefined {
  const { formatted, givenName, familyName } = name ?? {};
  const parts = givenName && familyName ? `${givenName} ${familyName}` : undefined;
  const whole = [displayName, formatted, parts].find((given) => (given ?? "").trim() !== "");
  return whole?.trim().slice(0, 200);
}

const patchable = userBody.partial().omit({ schemas: true });
const readOnly = new Set(["id", "meta", "groups", "schemas"]);
const needed = new Set(["username", "active"]);
const names = new Map(Object.keys(patchable.shape).map((name) => [name.toLowerCase(), name]));
const partNames = new Map(Object.keys(nameParts.shape).map((name) => [name.toLowerCase(), name]));
const wellFormedPath = /^[A-Za-z][\w$:.-]*(?:\[[^[\]]{1,300}\])?(?:\.[A-Za-z][\w$-]*)?$/;
const userSchema = /^urn:ietf:params:scim:schemas:core:2\.0:user:/i;

/**
 * Converts a PATCH. Okta sends an object without a path; Entra sends a path per operation, capitalized operations, and
 * paths as member names.
 * @throws HoldfastError with invalidSyntax, invalidPath, invalidValue, noTarget, mutability
 */
export function wishOfPatch({ Operations }: PatchBody): UserWish {
  const given: Record<string, unknown> = {};
  const parts: Record<string, unknown> = {};
  for (const { op, path, value } of Operations) {
    const does = readOperation(op);
    if (path === undefined && does === "remove") throw refusal("noTarget", "A remove operation needs a path.");
    const entries = path === undefined ? Object.entries(objectOf(value)) : [[path, value] as const];
    for (const [at, what] of entries) take(given, parts, at, does === "remove" ? null : what);
  }
  if (Object.keys(parts).length > 0) given["name"] = { ...objectOf(given["name"] ?? {}), ...parts };
  const read = patchable.safeParse(given, { error: issueWords });
  if (!read.success) throw refusal("invalidValue", `${firstProblem(read.error, "The value")}.`);
  const { userName, active, externalId: external } = read.data;
  return { userName, active, externalId: external, name: nameOf(read.data) };
}

export function readOperation(op: string): "add" | "replace" | "remove" {
  const does = op.toLowerCase();
  if (does === "add" || does === "replace" || does === "remove") return does;
  throw refusal("invalidSyntax", "An operation must be add, replace or remove.");
}

type Given = Record<string, unknown>;

function take(given: Given, parts: Given, at: string, value: unknown): void {
  if (at.length > 1000 || !wellFormedPath.test(at)) {
    throw refusal(
      "invalidPath",
      "A path must be the name of an attribute, optionally with a filter in brackets or a subattribute.",
    );
  }
  const path = at.replace(userSchema, "").toLowerCase();
  const [attribute = "", part] = path.split(".", 2);
  if (readOnly.has(attribute)) throw refusal("mutability", `${attribute} is read-only.`);
  if (value === null && needed.has(path)) throw refusal("invalidValue", `${names.get(path)} cannot be removed.`);
  if (attribute === "name" && part !== undefined) {
    const name = partNames.get(part);
    if (name !== undefined) parts[name] = value;
    return;
  }
  const name = names.get(path);
  if (name !== undefined) given[name] = value;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refusal("invalidValue", "The value of an operation without a path must be an object.");
}
