import type { IncomingMessage } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import { isOpen, jsonBytesMax, type Route } from "@holdfast/protocol/route";
import type { z } from "zod";
import { tooLarge, validate } from "./json-body.ts";

/** A malformed id is an unknown one. A malformed hash to store under is reported by name. */
export function readParams(route: Route, params: unknown): unknown {
  const result = route.params?.safeParse(params);
  if (result?.success === true) return result.data;
  if (route.method === "PUT" && result?.error.issues[0]?.path[0] === "hash") {
    return validate(route.params as z.ZodObject, params, "path");
  }
  throw new HoldfastError("not_found", "It does not exist, or you do not have access to it.");
}

/**
 * Parsers keep invalid UTF-8 or replace characters, which would name another file.
 * @throws HoldfastError bad_request with the field
 */
export function assertQueryText(url: string): void {
  const start = url.indexOf("?") + 1;
  if (start === 0 || !url.includes("%", start)) return;
  for (const pair of url.slice(start).split("&")) {
    try {
      decodeURIComponent(pair);
    } catch {
      const [field = ""] = pair.split("=", 1);
      throw new HoldfastError("bad_request", "Part of the query is not percent-encoded UTF-8.", {
        field: field.slice(0, 100),
      });
    }
  }
}

/** @returns undefined for a chunked body */
export function declaredLength({ headers }: IncomingMessage): number | undefined {
  const text = headers["content-length"];
  return text === undefined ? undefined : Number(text);
}

/** Long bodies take time to arrive, and memory until then. */
export function hasLongBody(request: IncomingMessage): boolean {
  const lengthBytes = declaredLength(request) ?? (request.headers["transfer-encoding"] === undefined ? 0 : Infinity);
  return lengthBytes > longBodyBytes;
}

const longBodyBytes = 64 * 1024;

/**
 * Includes the defaults of `curl -d`, `fetch` with text and libraries. Cookies do not count here (see
 * `assertFromOwnPage`), so forms on other sites gain nothing. A body that is not JSON fails later.
 */
const jsonTypes =
  /^(?:application\/(?:json|[a-z0-9.+-]{1,100}\+json|x-www-form-urlencoded|octet-stream)|text\/(?:plain|json))\s*(?:;|$)/i;

function contentEncoding({ headers }: IncomingMessage): string {
  return headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
}

/**
 * Compressed bytes would become the file's content.
 * @throws HoldfastError unsupported_media_type
 */
export function assertPlain(request: IncomingMessage): void {
  if (contentEncoding(request) === "identity") return;
  const message = "Only JSON may be sent with Content-Encoding; send the bytes themselves.";
  throw new HoldfastError("unsupported_media_type", message, { field: "Content-Encoding" });
}

export function jsonCoding(request: IncomingMessage, route: Route): "identity" | "zstd" {
  const type = request.headers["content-type"];
  if (type !== undefined && !jsonTypes.test(type)) {
    throw new HoldfastError("unsupported_media_type", "The body must be application/json.", { field: "Content-Type" });
  }
  const encoding = contentEncoding(request);
  // Without authentication, a few bytes must not expand to many.
  if (encoding !== "identity" && (encoding !== "zstd" || isOpen(route))) {
    const message = isOpen(route)
      ? "The JSON body of a request without a token must be sent without Content-Encoding."
      : "A JSON body must be sent without Content-Encoding, or with Content-Encoding: zstd.";
    throw new HoldfastError("unsupported_media_type", message, { field: "Content-Encoding" });
  }
  const bytesMax = jsonBytesMax(route);
  if ((declaredLength(request) ?? 0) > bytesMax) throw tooLarge(bytesMax);
  return encoding === "zstd" ? "zstd" : "identity";
}
