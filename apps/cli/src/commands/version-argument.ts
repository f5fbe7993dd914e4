import { HoldfastError } from "@holdfast/core/errors";
import { shellWord } from "@holdfast/core/shell-word";
import { noVersion } from "../remote/at-version.ts";
import { usage } from "../output/usage.ts";

const versionPattern = /^(\d{1,15}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** @throws HoldfastError usage */
export function readVersion(text: string, path: string): string {
  if (versionPattern.test(text)) return text;
  throw usage(
    `${path}: ${text} is neither the number nor the ID of a version. 'holdfast versions ${shellWord(path)}' lists them.`,
  );
}

export async function ofVersion<Answer>(path: string, wanted: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (thrown) {
    const isVersion = thrown instanceof HoldfastError && thrown.code === "not_found" && thrown.field === "version";
    throw isVersion ? noVersion(path, wanted) : thrown;
  }
}
