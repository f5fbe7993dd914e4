import { limits } from "@holdfast/core/limits";
import { refusal } from "./scim-refusal.ts";
import type { ListQuery } from "./scim-world.ts";

export const userSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
export const groupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group";
const listSchema = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

export interface Window {
  readonly skip: number;
  readonly take: number;
}

/** Clamps values, as RFC 7644 (3.4.2.4) requires. @throws HoldfastError with tooMany */
export function windowOf({ startIndex = 1, count = 100 }: ListQuery): Window {
  const skip = Math.max(1, startIndex) - 1;
  if (skip >= limits.scimStartIndexMax) {
    throw refusal("tooMany", `startIndex can be at most ${limits.scimStartIndexMax}. Use a filter instead.`);
  }
  return { skip, take: Math.min(Math.max(0, count), limits.scimPageMax) };
}

export function listAnswer(resources: readonly object[], total: number, { skip }: Window): object {
  return {
    schemas: [listSchema],
    totalResults: total,
    itemsPerPage: resources.length,
    startIndex: skip + 1,
    Resources: resources,
  };
}
