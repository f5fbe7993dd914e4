import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { constants, zstdDecompress } from "node:zlib";
import { zstdContentBytes } from "@holdfast/codec/zstd-frame";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { fieldName, issueWords } from "@holdfast/protocol/issue-words";
import { parseJson } from "@holdfast/protocol/parse-json";
import type { z } from "zod";
import type { ByteBudget } from "../../packs/write/byte-budget.ts";
import { readBounded } from "./read-bounded.ts";

export interface JsonBodyOptions {
  /** For the received bytes and for the decompressed ones. */
  readonly bytesMax: number;
  readonly isCompressed?: boolean;
  /** For all decoded bodies in use. */
  readonly budget: ByteBudget;
}

export interface JsonBody {
  readonly json: unknown;
  /** Must be called when the body is no longer needed. */
  readonly release: () => void;
}

export async function readJsonBody(
  body: Readable,
  { bytesMax, isCompressed = false, budget }: JsonBodyOptions,
): Promise<JsonBody> {
  const bytes = await readBounded(body as AsyncIterable<Uint8Array>, bytesMax, "A JSON body");
  if (bytes.length === 0) return { json: undefined, release: () => {} };
  const decodedBytes = isCompressed ? Math.min(zstdContentBytes(bytes) ?? bytesMax, bytesMax) : bytes.length;
  const release = await admitJson(budget, decodedBytes);
  try {
    return { json: parseJson(isCompressed ? await decompress(bytes, decodedBytes) : bytes), release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Short bodies need no space in the budget, because they are smaller than the headers of their connections.
 * @returns the function that releases the space
 */
export function admitJson(budget: ByteBudget, sizeBytes: number): Promise<() => void> {
  return sizeBytes <= limits.requestOpenBytesMax ? Promise.resolve(() => {}) : budget.take(sizeBytes);
}

const zstdDecompressAsync = promisify(zstdDecompress);
/** A frame may request a window far larger than its content. 16 MiB is the maximum size of a body. */
const windowOptions = { params: { [constants.ZSTD_d_windowLogMax]: 24 } };

async function decompress(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  try {
    return await zstdDecompressAsync(bytes, { ...windowOptions, maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(bytesMax);
    throw new HoldfastError("bad_request", "The body is not valid zstd, although Content-Encoding is zstd.", {
      cause: error,
    });
  }
}

export function tooLarge(bytesMax: number): HoldfastError {
  return new HoldfastError("too_large", `A JSON body has at most ${bytesMax} bytes.`);
}

/**
 * The error names the first invalid field as on the wire (`operations[3].name`), but not its value.
 * @throws HoldfastError `invalid_field`, or `bad_request` with the field for invalid input outside the body
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: "body" | "query" | "path",
): z.output<Schema> {
  const result = schema.safeParse(value, firstIssueOnly);
  if (result.success) return result.data;
  const issue = deepestIssue(result.error.issues, value);
  const field = fieldName(issue.path);
  const message =
    field === "" && value === undefined ? "A JSON body is required." : sentence(field, place, issue.message);
  throw new HoldfastError(place === "body" ? "invalid_field" : "bad_request", message, field === "" ? {} : { field });
}

function sentence(field: string, place: string, message: string): string {
  return `${field === "" ? `The ${place}` : field}: ${message.charAt(0).toLowerCase()}${message.slice(1)}.`;
}

/**
 * Each issue costs microseconds, and only the first is reported. Zod's types mark this option as internal. A test
 * checks that it works.
 */
const firstIssueOnly: z.core.ParseContext<z.core.$ZodIssue> & { readonly abortEarly: true } = {
  error: issueWords,
  abortEarly: true,
};

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Finds the intended branch of a union: it has the deepest issue whose field is present. */
function deepestIssue(issues: readonly z.core.$ZodIssue[], value: unknown): Issue {
  const [first] = issues;
  if (first === undefined) return { path: [], message: "is not valid" };
  if (first.code !== "invalid_union" || first.errors.length === 0) return first;
  const here = valueAt(value, first.path);
  const inner = first.errors.filter((branch) => branch.length > 0).map((branch) => deepestIssue(branch, here));
  const furthest = inner.toSorted((left, right) => right.path.length - left.path.length);
  const best = furthest.find(({ path }) => valueAt(here, path) !== undefined) ?? furthest[0];
  if (best === undefined || best.path.length === 0) return first;
  return { path: [...first.path, ...best.path], message: best.message };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (Reflect.get(at, key) as unknown) : undefined),
    value,
  );
}
