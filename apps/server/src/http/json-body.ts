import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { z } from "zod";

/** Objects and lists inside each other; deeper ones could overflow the stack of what walks them. */
export const jsonDepthMax = 64;

export interface JsonBodyOptions {
  /** As it arrives, and as it is: a body of few bytes may say many. */
  readonly bytesMax?: number;
  readonly isCompressed?: boolean;
}

/** Reads a whole body as JSON; empty is undefined. @throws HoldfastError `too_large`, `bad_request` */
export async function readJsonBody(
  body: Readable,
  { bytesMax = limits.requestJsonBytesMax, isCompressed = false }: JsonBodyOptions = {},
): Promise<unknown> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > bytesMax) throw tooLarge(bytesMax);
    pieces.push(piece);
  }
  if (length === 0) return undefined;
  const bytes = Buffer.concat(pieces, length);
  return parseJson(isCompressed ? await decompress(bytes, bytesMax) : bytes);
}

const zstdDecompressAsync = promisify(zstdDecompress);

async function decompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await zstdDecompressAsync(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax);
    throw new HoldfastError("bad_request", "The body is not what Content-Encoding says: zstd.", { cause: error });
  }
}

export function tooLarge(bytesMax: number): HoldfastError {
  return new HoldfastError("too_large", `A JSON body has at most ${bytesMax} bytes.`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new HoldfastError("bad_request", `The body is not JSON in UTF-8: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (isDeeper(value, jsonDepthMax)) {
    throw new HoldfastError("bad_request", `The JSON body is nested deeper than ${jsonDepthMax} levels.`);
  }
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof member === "object" && isDeeper(member, levels - 1)) return true;
  }
  return false;
}

/**
 * Validates outside input. The error names the first field at fault as it stands on the wire (`operations[3].name`), and
 * says nothing of its value.
 * @throws HoldfastError `invalid_field`, or `bad_request` with the field for what is not a body
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: "body" | "query" | "path",
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepestIssue(result.error.issues);
  const field = fieldName(issue.path);
  const message =
    field === "" && value === undefined ? "A JSON body is needed." : sentence(field, place, issue.message);
  throw new HoldfastError(place === "body" ? "invalid_field" : "bad_request", message, field === "" ? {} : { field });
}

function sentence(field: string, place: string, message: string): string {
  return `${field === "" ? `The ${place}` : field}: ${message.charAt(0).toLowerCase()}${message.slice(1)}.`;
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a union the branch that got furthest is the one that was meant. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): Issue {
  const [first] = issues;
  if (first === undefined) return { path: [], message: "is not valid" };
  if (first.code !== "invalid_union" || first.errors.length === 0) return first;
  const inner = first.errors.filter((branch) => branch.length > 0).map((branch) => deepestIssue(branch));
  const best = inner.toSorted((left, right) => right.path.length - left.path.length)[0];
  if (best === undefined || best.path.length === 0) return first;
  return { path: [...first.path, ...best.path], message: best.message };
}

function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else name += name === "" ? String(part) : `.${String(part)}`;
  }
  return name.slice(0, 200);
}
