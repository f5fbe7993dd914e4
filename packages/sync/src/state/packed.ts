const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const hash = /^[0-9a-f]{64}$/;

/** Bytes of an id or hash, which are most of a row, or any other text unchanged. */
export type Packed = string | Uint8Array;

export function pack(text: string): Packed {
  if (text.length === 36 && uuid.test(text)) return Buffer.from(withoutHyphens(text), "hex");
  if (text.length === 64 && hash.test(text)) return Buffer.from(text, "hex");
  return text;
}

/** Several times as fast as a search for hyphens. */
function withoutHyphens(id: string): string {
  return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
}

export function unpack(packed: Packed): string {
  if (typeof packed === "string") return packed;
  const hex = Buffer.from(packed.buffer, packed.byteOffset, packed.length).toString("hex");
  if (packed.length !== 16) return hex;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Numbers beyond signed 64 bits are stored as digits. */
export function packNumber(number: bigint): bigint | string {
  return BigInt.asIntN(64, number) === number ? number : String(number);
}

/** Ids of equal byte length are concatenated. */
export function packList(ids: readonly string[]): Packed {
  const bytes = ids.map(pack).filter((each) => typeof each !== "string" && each.length === 16) as Uint8Array[];
  return bytes.length === ids.length ? Buffer.concat(bytes) : JSON.stringify(ids);
}

export function unpackList(packed: Packed): string[] {
  if (typeof packed === "string") return JSON.parse(packed) as string[];
  return Array.from({ length: packed.length / 16 }, (_, index) => unpack(packed.subarray(index * 16, index * 16 + 16)));
}
