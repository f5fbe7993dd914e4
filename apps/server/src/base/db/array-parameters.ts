import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes, writeHash } from "@holdfast/core/hash-hex";
import type { HashHex } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";

/**
 * For use as in sql`select * from unnest(${byteaArray(hashes)})`. `pg` sends a Buffer in binary, but an array as text.
 * The format is that of `array_send` (utils/adt/arrayfuncs.c): number of dimensions, null flag, element type, length
 * and lower bound, then length (-1 for null) and bytes of each element, big-endian. Separate buffers for elements would
 * dominate the cost.
 */
export function byteaArray(values: readonly (Uint8Array | null)[]): RawBuilder<Buffer[]> {
  return sql`${encodeArray(17, values)}::bytea[]`;
}

export function hashArray(values: readonly HashHex[]): RawBuilder<Buffer[]> {
  return sql`${encodeFixed(17, hashBytes, values, (buffer, value, at) => writeHash(buffer, at, value))}::bytea[]`;
}

export function textArray(values: readonly (string | null)[]): RawBuilder<string[]> {
  const count = values.length;
  let sizeBytes = headerBytes + 4 * count;
  for (let index = 0; index < count; index += 1) sizeBytes += Buffer.byteLength(values[index] ?? "");
  const buffer = startArray(25, sizeBytes, values);
  let at = headerBytes;
  for (let index = 0; index < count; index += 1) {
    const value = values[index] ?? null;
    const length = value === null ? -1 : buffer.write(value, at + 4);
    at = buffer.writeInt32BE(length, at) + Math.max(length, 0);
  }
  return sql`${buffer}::text[]`;
}

export function uuidArray(values: readonly (string | null)[]): RawBuilder<string[]> {
  return sql`${encodeFixed(2950, 16, values, writeUuid)}::uuid[]`;
}

/**
 * For `keyed` statements. The planner assumes ten elements in a hidden array. For a visible one of one id, it would
 * reject the generic plan and plan each call.
 */
export function uuidKeys(values: readonly string[]): RawBuilder<string[]> {
  return sql`(select ${uuidArray(values)})::uuid[]`;
}

export function int8Array(values: readonly (number | null)[]): RawBuilder<number[]> {
  return sql`${encodeFixed(20, 8, values, writeInt8)}::int8[]`;
}

export function int4Array(values: readonly (number | null)[]): RawBuilder<number[]> {
  return sql`${encodeFixed(23, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at))}::int4[]`;
}

export function booleanArray(values: readonly (boolean | null)[]): RawBuilder<boolean[]> {
  return sql`${encodeFixed(16, 1, values, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at))}::bool[]`;
}

/** `undefined` is not JSON; null becomes SQL's NULL. */
export function jsonbArray(values: readonly unknown[]): RawBuilder<unknown[]> {
  const bytes = values.map((value) =>
    value === null ? null : Buffer.concat([jsonbVersion, Buffer.from(JSON.stringify(value))]),
  );
  return sql`${encodeArray(3802, bytes)}::jsonb[]`;
}

const jsonbVersion = Buffer.of(1);
const headerBytes = 20;

function encodeArray(elementType: number, values: readonly (Uint8Array | null)[]): Buffer {
  let sizeBytes = headerBytes;
  for (const value of values) sizeBytes += 4 + (value?.length ?? 0);
  const buffer = startArray(elementType, sizeBytes, values);
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(value?.length ?? -1, at);
    if (value === null) continue;
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

function encodeFixed<Value>(
  elementType: number,
  elementBytes: number,
  values: readonly (Value | null)[],
  write: (buffer: Buffer, value: Value, at: number) => void,
): Buffer {
  const count = values.length;
  let nulls = 0;
  for (let index = 0; index < count; index += 1) if (values[index] === null) nulls += 1;
  const sizeBytes = headerBytes + count * (4 + elementBytes) - nulls * elementBytes;
  const buffer = startArray(elementType, sizeBytes, values);
  let at = headerBytes;
  // An iterator over so many kinds of arrays would allocate an object per element.
  for (let index = 0; index < count; index += 1) {
    const value = values[index] ?? null;
    at = buffer.writeInt32BE(value === null ? -1 : elementBytes, at);
    if (value === null) continue;
    write(buffer, value, at);
    at += elementBytes;
  }
  return buffer;
}

function startArray(elementType: number, sizeBytes: number, values: readonly unknown[]): Buffer {
  if (values.length === 0) return emptyArray(elementType);
  const buffer = Buffer.allocUnsafe(sizeBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

/** Allocates no BigInt. */
function writeInt8(buffer: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value)) throw new HoldfastError("internal", `${value} is not a whole number below 2^53.`);
  buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
  buffer.writeUInt32BE(value >>> 0, at + 4);
}

function writeUuid(buffer: Buffer, value: string, at: number): void {
  let seen = 0;
  let to = at;
  for (let index = 0; index < 36; index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) index += 1;
    const high = digitOf[value.charCodeAt(index)] ?? noDigit;
    const low = digitOf[value.charCodeAt(index + 1)] ?? noDigit;
    seen |= high | low;
    buffer[to] = (high << 4) | low;
    to += 1;
  }
  if (value.length !== 36 || seen >= noDigit)
    throw new HoldfastError("internal", `${value.slice(0, 40)} is not a UUID.`);
}

const noDigit = 16;
const digitOf = Uint8Array.from({ length: 103 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? noDigit : digit;
});

function emptyArray(elementType: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeInt32BE(elementType, 8);
  return buffer;
}
