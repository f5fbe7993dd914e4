import type { SettingJson } from "@holdfast/protocol/admin-routes";
import type { Messages } from "../../messages/messages.ts";

export interface ShownValue {
  readonly text: string;
  /** True in the notation of the configuration, false for a translated word. */
  readonly isLiteral: boolean;
}

/** Formats the effective value. Of a secret, shows only if it is set. */
export function valueWords(
  { name, value, secret, source }: SettingJson,
  { message, number, size }: Pick<Messages, "message" | "number" | "size">,
): ShownValue {
  if (secret) return word(message(source === "default" ? "admin.valueNone" : "admin.valueSecret"));
  if (value === null || value === undefined) return word(message("admin.valueNone"));
  if (typeof value === "boolean") return word(message(value ? "admin.valueOn" : "admin.valueOff"));
  if (typeof value === "number") return word(isOff(name, value) ? message("admin.valueOff") : amount(name, value));
  return { text: typeof value === "string" ? value : JSON.stringify(value), isLiteral: true };

  function amount(of: string, given: number): string {
    return of.endsWith("_bytes") ? size(given) : number(given);
  }
}

/** A rate limit of 0 is off. */
function isOff(name: string, value: number): boolean {
  return value === 0 && name.startsWith("rate_limit_");
}

function word(text: string): ShownValue {
  return { text, isLiteral: false };
}
