import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import { canonicalJson } from "./canonical-json.ts";

/** The first four become part of an `Operation` unchanged. */
export interface Conditions {
  readonly ifMatch?: readonly string[] | "*";
  /** `If-None-Match: *`: the name must not exist. */
  readonly ifNoneMatch?: boolean;
  /** 16 bytes derived from Idempotency-Key and the caller. */
  readonly operationId?: Buffer;
  /** SHA-256 of the request; set if and only if operationId is set. */
  readonly requestHash?: Buffer;
}

export interface RequestFacts {
  readonly method: string;
  /** Path with query, as in the request line. */
  readonly url: string;
  /** The JSON body, or a substitute for a streamed one. */
  readonly body?: unknown;
  /** Two callers may choose the same key. */
  readonly callerId?: string | undefined;
}

const conditionBytesMax = 4096;
const entityTagsMax = 64;
const keyPattern = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** @throws HoldfastError `bad_request` for an invalid list of tags or an invalid key */
export function readConditions(headers: IncomingHttpHeaders, facts: RequestFacts): Conditions {
  const ifMatch = readEntityTags("If-Match", headers["if-match"]);
  const key = readKey(headers["idempotency-key"]);
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(headers["if-none-match"]?.trim() === "*" ? { ifNoneMatch: true } : {}),
    ...(key === undefined ? {} : { operationId: operationIdOf(key, facts), requestHash: requestHashOf(facts) }),
  };
}

/**
 * Reads entity tags (RFC 9110, 8.8.3). Revisions and content ids are exact, so weak tags identify the same content.
 * Unquoted tags are accepted, because people type them.
 */
export function readEntityTags(header: string, value: string | undefined): readonly string[] | "*" | undefined {
  if (value === undefined) return undefined;
  if (value.length > conditionBytesMax) throw badTags(header);
  if (value.trim() === "*") return "*";
  const tags: string[] = [];
  const one = /[ \t]*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"|([A-Za-z0-9._~+/=:-]+))[ \t]*(,|$)/y;
  for (let end = false; !end;) {
    const match = one.exec(value);
    if (match === null || tags.length >= entityTagsMax) throw badTags(header);
    tags.push(match[1] ?? match[2] ?? "");
    end = match[3] === "";
  }
  return tags;
}

function badTags(header: string): HoldfastError {
  return new HoldfastError(
    "bad_request",
    `${header} must be * or up to ${entityTagsMax} entity tags such as "abc", separated by commas.`,
    { field: header },
  );
}

function readKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== "string" || !keyPattern.test(header)) {
    throw new HoldfastError("bad_request", "Idempotency-Key must be 1 to 255 printable ASCII characters.", {
      field: "Idempotency-Key",
    });
  }
  return header;
}

function operationIdOf(key: string, { callerId = "" }: RequestFacts): Buffer {
  return createHash("sha256").update(`holdfast idempotency key\0${callerId}\0${key}`).digest().subarray(0, 16);
}

function requestHashOf({ method, url, body }: RequestFacts): Buffer {
  const { pathname, searchParams } = new URL(url, "http://holdfast.invalid");
  searchParams.sort();
  return createHash("sha256")
    .update(JSON.stringify([method, pathname, [...searchParams]]))
    .update(canonicalJson(body ?? null))
    .digest();
}
