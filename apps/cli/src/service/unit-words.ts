import { HoldfastError } from "@holdfast/core/errors";

/** Quotes a word for systemd: C escapes in double quotes, `%` doubled. @throws HoldfastError usage */
export function quote(word: string): string {
  return `"${escape(word).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/**
 * Also escapes `$`. systemd expands variables in command words, but not in `Environment=`.
 * @throws HoldfastError usage
 */
export function quoteArgument(word: string): string {
  return quote(word).replaceAll("$", "$$$$");
}

/** For text outside of words, such as a description. @throws HoldfastError usage */
export function escape(text: string): string {
  if (/[\p{Cc}]/u.test(text)) {
    throw new HoldfastError("usage", "A service file cannot contain a path with control characters.");
  }
  return text.replaceAll("%", "%%");
}
