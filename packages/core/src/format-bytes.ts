/** 1536 -> "1.5 KiB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Two sizes of which one is larger: to the byte where they would read the same. */
export function unlikeBytes(one: number, other: number): readonly [string, string] {
  const [first, second] = [formatBytes(one), formatBytes(other)];
  if (first !== second || one === other) return [first, second];
  return [`${one.toLocaleString("en")} bytes`, `${other.toLocaleString("en")} bytes`];
}
