import type { SettingJson } from "@holdfast/protocol/admin-routes";
import { type SettingName, settingNames } from "@holdfast/protocol/setting-names";
import type { Messages } from "../../messages/messages.ts";
import { hasWords } from "./has-words.ts";

interface Wanted {
  /** Words that must all occur in the name or description. */
  readonly text: string;
  /** Excludes default values. */
  readonly onlySet: boolean;
}

/** Keeps the server's order. */
export function findSettings(
  settings: readonly SettingJson[],
  { text, onlySet }: Wanted,
  words: Pick<Messages, "message">,
): SettingJson[] {
  return settings.filter(({ name, source }) => {
    if (onlySet && source === "default") return false;
    // The environment variable's name matches too.
    return hasWords(`${name} holdfast_${name} ${settingWords(name, words) ?? ""}`, text);
  });
}

/** @returns undefined for a setting of a newer server */
export function settingWords(name: string, { message }: Pick<Messages, "message">): string | undefined {
  return isKnown(name) ? message(`setting.${name}`) : undefined;
}

const known: ReadonlySet<string> = new Set(settingNames);

function isKnown(name: string): name is SettingName {
  return known.has(name);
}
