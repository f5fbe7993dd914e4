import { HoldfastError } from "@holdfast/core/errors";

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** What people are shown as a name and the database can keep. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !controlCharacters.test(text);
}

/** @throws HoldfastError invalid_field */
export function assertPlainText(text: string, field: string): void {
  if (isPlainText(text) && text.trim() !== "") return;
  throw new HoldfastError("invalid_field", `${field}: is empty or has control characters.`, { field });
}
