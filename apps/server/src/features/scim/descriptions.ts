import { limits } from "@holdfast/core/limits";
import { groupSchema, listAnswer, userSchema } from "./list-answer.ts";
import { noSuch } from "./scim-refusal.ts";

const whole = { skip: 0, take: 100 };

/** Supported SCIM features (RFC 7643, 5). */
export function serviceProviderConfig(publicUrl: string): object {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: limits.scimPageMax },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: "oauthbearertoken",
        name: "Personal access token",
        description: "Authorization: Bearer with a personal access token of an administrator that has the scope admin",
        primary: true,
      },
    ],
    meta: { resourceType: "ServiceProviderConfig", location: `${publicUrl}/scim/v2/ServiceProviderConfig` },
  };
}

function resourceType(publicUrl: string, name: "User" | "Group", schema: string): object {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema,
    meta: { resourceType: "ResourceType", location: `${publicUrl}/scim/v2/ResourceTypes/${name}` },
  };
}

export function resourceTypes(publicUrl: string, id?: string): object {
  const known = {
    User: resourceType(publicUrl, "User", userSchema),
    Group: resourceType(publicUrl, "Group", groupSchema),
  };
  return oneOrAll(known, id);
}

interface Attribute {
  readonly name: string;
  readonly type?: "string" | "boolean" | "complex" | "reference";
  readonly many?: boolean;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly caseExact?: boolean;
  readonly readOnly?: boolean;
  readonly parts?: readonly Attribute[];
}

function attribute({ name, type = "string", many, required, unique, caseExact, readOnly, parts }: Attribute): object {
  return {
    name,
    type,
    multiValued: many ?? false,
    required: required ?? false,
    ...(type === "string" ? { caseExact: caseExact ?? false } : {}),
    mutability: readOnly === true ? "readOnly" : "readWrite",
    returned: "default",
    uniqueness: unique === true ? "server" : "none",
    ...(parts === undefined ? {} : { subAttributes: parts.map(attribute) }),
  };
}

const userAttributes: readonly Attribute[] = [
  { name: "userName", required: true, unique: true },
  { name: "displayName" },
  { name: "name", type: "complex", parts: [{ name: "formatted" }, { name: "givenName" }, { name: "familyName" }] },
  {
    name: "emails",
    type: "complex",
    many: true,
    readOnly: true,
    parts: [
      { name: "value", readOnly: true },
      { name: "type", readOnly: true },
      { name: "primary", type: "boolean", readOnly: true },
    ],
  },
  { name: "active", type: "boolean" },
];

const groupAttributes: readonly Attribute[] = [
  { name: "displayName", required: true },
  {
    name: "members",
    type: "complex",
    many: true,
    parts: [
      { name: "value", required: true, caseExact: true },
      { name: "display", readOnly: true },
      { name: "type", readOnly: true },
    ],
  },
];

function describeSchema(publicUrl: string, id: string, name: string, attributes: readonly Attribute[]): object {
  return {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    id,
    name,
    attributes: attributes.map(attribute),
    meta: { resourceType: "Schema", location: `${publicUrl}/scim/v2/Schemas/${id}` },
  };
}

export function schemas(publicUrl: string, id?: string): object {
  const known = {
    [userSchema]: describeSchema(publicUrl, userSchema, "User", userAttributes),
    [groupSchema]: describeSchema(publicUrl, groupSchema, "Group", groupAttributes),
  };
  return oneOrAll(known, id);
}

function oneOrAll(known: Readonly<Record<string, object>>, id: string | undefined): object {
  if (id === undefined) return listAnswer(Object.values(known), Object.keys(known).length, whole);
  const one = Object.hasOwn(known, id) ? known[id] : undefined;
  if (one === undefined) throw noSuch("resource");
  return one;
}
