const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * 1536 -> "1.5 KiB". All sizes for people use this function, so that a file has the same size everywhere. @param
 * decimalMark see `decimalMarkOf`
 */
export function formatBytes(bytes: number, decimalMark = "."): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${bytes} B`;
  return `${value.toFixed(value < 9.95 ? 1 : 0).replace(".", decimalMark)} ${units[unit]}`;
}

/** "," for German. */
export function decimalMarkOf(locale: string): string {
  return (1.5).toLocaleString(locale).charAt(1);
}

/** Formats a size for `parseBytes`, in the largest unit of which it is a multiple. */
export function exactBytes(bytes: number): string {
  const unit = units.findLastIndex((_, power) => bytes % 1024 ** power === 0);
  return bytes === 0 ? "0 B" : `${bytes / 1024 ** Math.min(unit, 4)} ${units[Math.min(unit, 4)]}`;
}

const unitBytes: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses a size in powers of 1024: "1048576", "500M", "1.5 GiB". @returns undefined if it is not a size */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,16}|\d{1,12}\.\d{1,3}(?= ?[KMGT])) ?([KMGT]?)(?:iB|B)?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(digits) * (unitBytes[unit.toUpperCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Formats two different sizes; in bytes if they would otherwise look equal. */
export function unlikeBytes(one: number, other: number): readonly [string, string] {
  const [first, second] = [formatBytes(one), formatBytes(other)];
  if (first !== second || one === other) return [first, second];
  return [`${one.toLocaleString("en")} bytes`, `${other.toLocaleString("en")} bytes`];
}
