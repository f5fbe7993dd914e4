import { type RawBuilder, sql } from "kysely";

/**
 * Arrays as parameters of set-based statements:
 *
 *     sql`insert into blocks (hash, size) select * from unnest(${byteaArray(hashes)}, ${int8Array(sizes)})`
 *
 * `pg` writes a JavaScript array as text, element by element, and PostgreSQL parses it back; a Buffer it sends in the
 * binary format. So the array is encoded here as PostgreSQL's `array_send` would (utils/adt/arrayfuncs.c): number of
 * dimensions, whether there are nulls, the element's type, length and lower bound, then each element's length and
 * bytes, all in big endian, a null having length -1.
 */
export function byteaArray(values: readonly (Uint8Array | null)[]): RawBuilder<Buffer[]> {
  return sql`${encodeArray(17, values)}::bytea[]`;
}

export function textArray(values: readonly (string | null)[]): RawBuilder<string[]> {
  return sql`${encodeArray(
    25,
    values.map((value) => (value === null ? null : Buffer.from(value))),
  )}::text[]`;
}

/** @param values UUIDs in their usual text form */
export function uuidArray(values: readonly (string | null)[]): RawBuilder<string[]> {
  const bytes = values.map((value) => (value === null ? null : Buffer.from(value.replaceAll("-", ""), "hex")));
  return sql`${encodeArray(2950, bytes)}::uuid[]`;
}

export function int8Array(values: readonly (number | null)[]): RawBuilder<number[]> {
  return sql`${encodeFixed(20, 8, values, (buffer, value, at) => buffer.writeBigInt64BE(BigInt(value), at))}::int8[]`;
}

export function int4Array(values: readonly (number | null)[]): RawBuilder<number[]> {
  return sql`${encodeFixed(23, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at))}::int4[]`;
}

export function booleanArray(values: readonly (boolean | null)[]): RawBuilder<boolean[]> {
  return sql`${encodeFixed(16, 1, values, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at))}::bool[]`;
}

/** Each value as JSON text. `undefined` is not JSON; pass null for SQL's NULL. */
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
  const nulls = values.reduce((count, value) => (value === null ? count + 1 : count), 0);
  const sizeBytes = headerBytes + values.length * (4 + elementBytes) - nulls * elementBytes;
  const buffer = startArray(elementType, sizeBytes, values);
  let at = headerBytes;
  for (const value of values) {
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

/** An empty array has no dimension at all. */
function emptyArray(elementType: number): Buffer {
  const buffer = Buffer.alloc(12);
  buffer.writeInt32BE(elementType, 8);
  return buffer;
}
