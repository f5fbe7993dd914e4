/** Timeline, and two halves of the number, 8 hexadecimal digits each. */
export const walName = /^[0-9A-F]{24}$/;

/** Default of initdb. */
export const walFileBytes = 16 * 1024 * 1024;
const filesPerLog = 2 ** 32 / walFileBytes;

export function nextWalName(name: string): string {
  const number = walNumber(name) + 1;
  return `${name.slice(0, 8)}${hex8(Math.floor(number / filesPerLog))}${hex8(number % filesPerLog)}`;
}

export function walNumber(name: string): number {
  return Number.parseInt(name.slice(8, 16), 16) * filesPerLog + Number.parseInt(name.slice(16), 16);
}

/** In order, from `first` to `last`. */
export function missingBetween(first: string, last: string, names: Iterable<string>): string[] {
  const there = new Set(names);
  const missing: string[] = [];
  for (let name = first; name <= last; name = nextWalName(name)) if (!there.has(name)) missing.push(name);
  return missing;
}

function hex8(number: number): string {
  return number.toString(16).toUpperCase().padStart(8, "0");
}
