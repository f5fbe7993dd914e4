import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/**
 * First 40 bits of each SHA-256: 65,536 counts (2 bytes, big-endian) by the first two bytes, then bytes three to five
 * of each. Written by `tools/src/common-passwords.ts`.
 */
const listFile = new URL("common-passwords.bin", import.meta.url);
const bucketCount = 65_536;
const suffixBytes = 3;
/** Length of what people append to satisfy a rule: a year and a sign. */
export const tailMax = 6;
/** Shorter beginnings prove nothing. */
const baseMin = 4;

interface CommonPasswords {
  readonly suffixes: Buffer;
  /** Offset of each bucket's first suffix, then the end. */
  readonly starts: Uint32Array;
}

let loaded: Promise<CommonPasswords> | undefined;

/** Ignores case and up to six appended digits or signs. */
export async function isCommonPassword(password: string): Promise<boolean> {
  loaded ??= readFile(listFile).then(readCommonPasswords);
  const list = await loaded.catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return guessesOf(password).some((guess) => hasDigest(list, digestOfGuess(guess)));
}

export function foldPassword(password: string): string {
  return password.normalize("NFKC").toLowerCase();
}

/** The folded password, then without its last digits and signs, one by one. */
export function guessesOf(password: string): string[] {
  const guesses = [foldPassword(password)];
  for (let tail = 1; tail <= tailMax; tail += 1) {
    const last = guesses.at(-1) ?? "";
    if (last.length <= baseMin || !/[^\p{L}\s]$/u.test(last)) break;
    guesses.push(last.slice(0, -1));
  }
  return guesses;
}

/** @throws RangeError for an invalid list */
export function readCommonPasswords(bytes: Buffer): CommonPasswords {
  const starts = new Uint32Array(bucketCount + 1);
  for (let bucket = 0; bucket < bucketCount; bucket += 1)
    starts[bucket + 1] = (starts[bucket] ?? 0) + bytes.readUInt16BE(bucket * 2);
  const suffixes = bytes.subarray(bucketCount * 2);
  if (suffixes.length !== (starts[bucketCount] ?? 0) * suffixBytes)
    throw new RangeError("The list of common passwords is incomplete.");
  return { suffixes, starts };
}

export function writeCommonPasswords(guesses: Iterable<string>): Buffer {
  const digests = [...new Set([...guesses].map((guess) => digestOfGuess(guess).toString("hex")))].toSorted();
  const head = Buffer.alloc(bucketCount * 2);
  for (const digest of digests) {
    const at = Number.parseInt(digest.slice(0, 4), 16) * 2;
    head.writeUInt16BE(head.readUInt16BE(at) + 1, at);
  }
  return Buffer.concat([head, Buffer.from(digests.map((digest) => digest.slice(4)).join(""), "hex")]);
}

export function hasDigest({ suffixes, starts }: CommonPasswords, digest: Buffer): boolean {
  const bucket = digest.readUInt16BE(0);
  const suffix = digest.readUIntBE(2, suffixBytes);
  for (let at = starts[bucket] ?? 0; at < (starts[bucket + 1] ?? 0); at += 1)
    if (suffixes.readUIntBE(at * suffixBytes, suffixBytes) === suffix) return true;
  return false;
}

function digestOfGuess(guess: string): Buffer {
  return createHash("sha256").update(guess).digest().subarray(0, 5);
}
