import { isId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { z } from "zod";
import { externalId, type PatchBody, readOperation } from "./read-user.ts";
import { refusal } from "./scim-refusal.ts";

const member = z.object({
  value: z.string().min(1).max(64),
  type: z.string().max(20).nullish(),
});
const members = z.array(member).max(limits.groupMembersMax);
const displayName = z.string().trim().min(1).max(limits.groupNameLengthMax);

export const groupBody = z.object({
  schemas: z.array(z.string().max(200)).max(20).optional(),
  displayName,
  externalId: externalId.nullish(),
  members: members.nullish(),
});

/** Requested change of a group; undefined: unchanged. */
export interface GroupWish {
  readonly displayName?: string | undefined;
  readonly externalId?: string | null | undefined;
  /** All members, to which `added` and `removed` apply. */
  readonly members?: ReadonlySet<UserId> | undefined;
  readonly added: ReadonlySet<UserId>;
  readonly removed: ReadonlySet<UserId>;
}

export function groupWishOf(body: z.output<typeof groupBody>): GroupWish {
  const all = body.members == null ? undefined : new Set(idsOf(body.members));
  const { displayName: name, externalId: external } = body;
  return { displayName: name, externalId: external ?? undefined, members: all, added: new Set(), removed: new Set() };
}

interface Wanted {
  displayName?: string;
  externalId?: string | null;
  members?: Set<UserId>;
  readonly added: Set<UserId>;
  readonly removed: Set<UserId>;
}

const memberPath = /^members\[ *value +eq +"([^"\\]{1,64})" *\]$/i;
const groupSchema = /^urn:ietf:params:scim:schemas:core:2\.0:group:/i;

/** @throws HoldfastError with invalidSyntax, invalidPath, invalidValue, noTarget, mutability */
export function groupWishOfPatch({ Operations }: PatchBody): GroupWish {
  const wanted: Wanted = { added: new Set(), removed: new Set() };
  for (const { op, path, value } of Operations) {
    const does = readOperation(op);
    if (path !== undefined) take(wanted, { does, path, value });
    else if (does === "remove") throw refusal("noTarget", "A remove operation needs a path.");
    else
      for (const [at, what] of Object.entries(readAs(z.record(z.string(), z.unknown()), value)))
        take(wanted, { does, path: at, value: what });
  }
  return wanted;
}

interface Step {
  readonly does: "add" | "replace" | "remove";
  readonly path: string;
  readonly value: unknown;
}

function take(wanted: Wanted, { does, path, value }: Step): void {
  const at = path.replace(groupSchema, "");
  const named = memberPath.exec(at)?.[1];
  if (named !== undefined) {
    if (does !== "remove") throw refusal("invalidPath", "A member in a path can be removed, but not changed.");
    return change(wanted, "remove", idsOf([{ value: named }]));
  }
  switch (at.toLowerCase()) {
    case "members":
      return takeMembers(wanted, does, value);
    case "displayname":
      if (does === "remove") throw refusal("invalidValue", "displayName cannot be removed.");
      wanted.displayName = readAs(displayName, value);
      return;
    case "externalid":
      wanted.externalId = does === "remove" ? null : readAs(externalId.nullable(), value);
      return;
    case "id":
    case "meta":
    case "schemas":
      // Okta sends the id with each change.
      if (at.toLowerCase() === "id" && does === "replace") return;
      throw refusal("mutability", `${at} is read-only.`);
    default:
      throw refusal(
        "invalidPath",
        'The paths of a group are displayName, externalId, members and members[value eq "ID"].',
      );
  }
}

function takeMembers(wanted: Wanted, does: Step["does"], value: unknown): void {
  if (does === "remove" && (value === undefined || value === null)) return replace(wanted, []);
  const given = idsOf(readAs(members, Array.isArray(value) ? value : [value]));
  if (does === "replace") return replace(wanted, given);
  change(wanted, does, given);
}

function replace(wanted: Wanted, ids: readonly UserId[]): void {
  wanted.members = new Set(ids);
  wanted.added.clear();
  wanted.removed.clear();
}

function change(wanted: Wanted, does: "add" | "remove", ids: readonly UserId[]): void {
  const [to, from] = does === "add" ? [wanted.added, wanted.removed] : [wanted.removed, wanted.added];
  for (const id of ids) {
    to.add(id);
    from.delete(id);
  }
}

function idsOf(given: readonly z.output<typeof member>[]): UserId[] {
  return given.map(({ value, type }) => {
    if (type?.toLowerCase() === "group")
      throw refusal("invalidValue", "members: the members of a group must be users, not groups.");
    if (!isId(value)) throw refusal("invalidValue", "members: a value is not the ID of a user.");
    return value as UserId;
  });
}

function readAs<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const read = schema.safeParse(value, { error: issueWords });
  if (read.success) return read.data;
  throw refusal("invalidValue", `${firstProblem(read.error, "The value of an operation")}.`);
}
