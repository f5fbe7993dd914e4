import { HoldfastError } from "@holdfast/core/errors";

/** As systemd reads a word: C escapes in double quotes, `%` doubled. @throws HoldfastError usage */
export function quote(word: string): string {
  return `"${escape(word).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Variables are put into the words of a command alone, and not into what `Environment=` sets. @throws HoldfastError usage */
export function quoteArgument(word: string): string {
  return quote(word).replaceAll("$", "$$$$");
}

/** Text that is no word, such as a description. @throws HoldfastError usage */
export function escape(text: string): string {
  if (/[\p{Cc}]/u.test(text)) {
    throw new HoldfastError("usage", "A service file cannot contain a path with control characters.");
  }
  return text.replaceAll("%", "%%");
}
