import { limits } from "./limits.ts";
import { utf8Bytes } from "./utf8-length.ts";

export interface NameParts {
  readonly stem: string;
  /** What follows the last dot that is not the first character, with the dot; empty if there is none. */
  readonly extension: string;
}

export function splitName(name: string): NameParts {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: "" };
}

/** The longest character of UTF-8: at least one of the stem stays. */
const characterBytesMax = 4;

/** `stem`, `suffix`, `extension`; the stem is cut to fit a name, and an extension that fills the name is no extension. */
export function withSuffix({ stem, extension }: NameParts, suffix: string): string {
  const room = limits.nameBytesMax - utf8Bytes(suffix);
  const stemRoom = room - utf8Bytes(extension);
  if (stemRoom <= characterBytesMax) return cutToBytes(stem + extension, room) + suffix;
  return cutToBytes(stem, stemRoom) + suffix + extension;
}

/** @returns as much of the text as has at most so many bytes of UTF-8, cut between two characters */
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
