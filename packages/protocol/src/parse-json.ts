import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";

/** Maximum nesting. Deeper values could overflow the stack of recursive code. */
export const jsonDepthMax = 64;

/**
 * Parses untrusted JSON in bounded time and memory: a megabyte of `{},` would become 300,000 objects of 50 times its
 * size.
 * @param field named in the error, if the bytes are only a part of the request
 * @throws HoldfastError bad_request for invalid JSON or UTF-8, too_large for too many values
 */
export function parseJson(bytes: Uint8Array, field?: string): unknown {
  const details = field === undefined ? {} : { field };
  if (bytes.length > limits.requestJsonValuesMax && hasMoreValues(bytes, limits.requestJsonValuesMax)) {
    const message = `The JSON has more than ${limits.requestJsonValuesMax} objects, lists and members. Split the request.`;
    throw new HoldfastError("too_large", message, details);
  }
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new HoldfastError("bad_request", `This is not JSON in UTF-8: ${(cause as Error).message}`, {
      ...details,
      cause,
    });
  }
  const problem = shapeProblem(value, jsonDepthMax);
  if (problem === undefined) return value;
  throw new HoldfastError("bad_request", `The JSON ${problem}.`, details);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const [comma, bracket, brace] = [0x2c, 0x5b, 0x7b];

/** Estimates the number of values by counting commas and opening brackets and braces, including those in strings. */
function hasMoreValues(bytes: Uint8Array, valuesMax: number): boolean {
  let values = 0;
  for (let at = 0; at < bytes.length && values <= valuesMax; at += 1) {
    const byte = bytes[at];
    if (byte === comma || byte === bracket || byte === brace) values += 1;
  }
  return values > valuesMax;
}

function shapeProblem(value: unknown, levels: number): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (levels === 0) return `is nested deeper than ${jsonDepthMax} levels`;
  const members = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  if (members !== value && members.length > limits.requestMembersMax) {
    return `has an object of more than ${limits.requestMembersMax} members`;
  }
  for (const member of members) {
    const problem = typeof member === "object" ? shapeProblem(member, levels - 1) : undefined;
    if (problem !== undefined) return problem;
  }
  return undefined;
}
