/** Rows are JSON; a whole number beyond 2^53 (an inode, a time in nanoseconds) is an object with its digits. */
export function encodeRow(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? { bigint: String(value) } : value));
}

/** Of what `encodeRow` wrote: the database is the device's own. */
export function decodeRow<Row>(text: string): Row {
  return JSON.parse(text, (_, value: unknown) => (isBigint(value) ? BigInt(value.bigint) : value)) as Row;
}

function isBigint(value: unknown): value is { bigint: string } {
  return typeof value === "object" && value !== null && "bigint" in value;
}
