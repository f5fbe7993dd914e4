import { usage } from "./command.ts";

const versionPattern = /^(\d{1,15}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** The number or the id of a version, as a person gives it. @throws HoldfastError usage */
export function readVersion(text: string, path: string): string {
  if (versionPattern.test(text)) return text;
  throw usage(
    `${path}: ${text} is neither the number nor the id of a version. 'holdfast versions ${path}' lists them.`,
  );
}
