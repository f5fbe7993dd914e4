/**
 * Escapes control characters for a terminal, and keeps existing escapes. All text for people on a terminal uses this
 * function.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    // A byte of a local name that is not UTF-8 (PEP 383).
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    return `\\u{${code.toString(16)}}`;
  });
}

// Control characters, marks that change the text direction, and lone surrogates.
const unprintable = /[\p{Cc}\p{Cs}\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
