import { limits } from "./limits.ts";
import { utf8Bytes } from "./utf8-length.ts";

export interface NameParts {
  readonly stem: string;
  /** Text from the last dot on, unless it is the first character; empty without one. */
  readonly extension: string;
}

export function splitName(name: string): NameParts {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: "" };
}

/** Longest UTF-8 character, so that at least one of the stem is kept. */
const characterBytesMax = 4;

/**
 * Joins stem, suffix and extension. The stem is cut to fit a name. An extension that fills the name counts as part of
 * the stem.
 */
export function withSuffix({ stem, extension }: NameParts, suffix: string): string {
  const room = limits.nameBytesMax - utf8Bytes(suffix);
  const stemRoom = room - utf8Bytes(extension);
  if (stemRoom <= characterBytesMax) return cutToBytes(stem + extension, room) + suffix;
  return cutToBytes(stem, stemRoom) + suffix + extension;
}

/** @returns the longest prefix of the text with at most this many UTF-8 bytes, cut between characters */
export function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += utf8Bytes(character);
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut;
}
