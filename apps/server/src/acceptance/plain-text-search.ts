import { readFileSync } from "node:fs";

export interface Finding {
  readonly file: string;
  readonly offset: number;
  readonly what: string;
}

const runBytes = 16;

/**
 * Finds every run of 16 bytes of the texts in the files. A bit table of the first three bytes filters the candidates.
 * @param texts name to bytes
 */
export function findRuns(files: readonly string[], texts: Readonly<Record<string, Uint8Array>>): Finding[] {
  const starts = new Uint8Array(2 ** 21);
  const runs = new Map<string, string>();
  for (const [what, text] of Object.entries(texts)) {
    for (let at = 0; at + runBytes <= text.length; at += 1) {
      const start = startAt(text, at);
      starts[start >> 3]! |= 1 << (start & 7);
      runs.set(Buffer.from(text.subarray(at, at + runBytes)).toString("latin1"), what);
    }
  }
  return files.flatMap((file) => findIn(file, starts, runs));
}

/**
 * A separate function, so that V8 optimizes it. As one loop over all files, the search took 16 s instead of 2 s in one
 * of three runs.
 */
function findIn(file: string, starts: Uint8Array, runs: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = [];
  const bytes = readIfThere(file);
  for (let at = 0; at + runBytes <= bytes.length; at += 1) {
    const start = startAt(bytes, at);
    if ((starts[start >> 3]! & (1 << (start & 7))) === 0) continue;
    const what = runs.get(bytes.toString("latin1", at, at + runBytes));
    if (what !== undefined) findings.push({ file, offset: at, what });
  }
  return findings;
}

export function findNeedles(
  files: readonly string[],
  needles: Readonly<Record<string, string | Uint8Array>>,
): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    const bytes = readIfThere(file);
    for (const [what, needle] of Object.entries(needles)) {
      const offset = bytes.indexOf(needle);
      if (offset >= 0) findings.push({ file, offset, what });
    }
  }
  return findings;
}

export function spellings(name: string, bytes: Uint8Array): Record<string, string | Uint8Array> {
  const buffer = Buffer.from(bytes);
  return {
    [name]: buffer,
    [`${name} in hex`]: buffer.toString("hex"),
    [`${name} in base64`]: buffer.toString("base64").replace(/=+$/, ""),
    [`${name} in base64url`]: buffer.toString("base64url"),
  };
}

function startAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
