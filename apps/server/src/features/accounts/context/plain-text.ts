import { HoldfastError } from "@holdfast/core/errors";

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f]/;
/** C1 controls, line separators, and marks that reverse text and disguise names. */
const misleadingCharacters = /[\u0080-\u009f\u2028-\u202e\u2066-\u2069]/;

/** Checks that a text can be shown as a name and stored in the database. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !controlCharacters.test(text);
}

export function withoutMisleading(text: string): string {
  return text.replaceAll(new RegExp(misleadingCharacters, "g"), "");
}

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const steeringCharacters = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** Permits line breaks and tabs. @throws HoldfastError invalid_field */
export function checkLines(given: string, field: string, bytesMax: number): string {
  const text = given.replaceAll("\r\n", "\n");
  const refused = (why: string) => new HoldfastError("invalid_field", `${field}: ${why}.`, { field });
  if (text.trim() === "") throw refused("is empty");
  if (!text.isWellFormed() || steeringCharacters.test(text)) throw refused("has control characters");
  if (Buffer.byteLength(text) > bytesMax) throw refused(`has more than ${bytesMax} bytes`);
  return text;
}

/** @throws HoldfastError invalid_field */
export function assertPlainText(text: string, field: string): void {
  if (isPlainText(text) && !misleadingCharacters.test(text) && text.trim() !== "") return;
  throw new HoldfastError("invalid_field", `${field}: is empty or has control characters.`, { field });
}
