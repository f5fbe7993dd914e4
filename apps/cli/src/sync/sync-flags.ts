import { checkName } from "@holdfast/core/names";
import { usage } from "../output/usage.ts";

export interface SyncFlags {
  readonly remote?: string;
  readonly once?: boolean;
  readonly deviceName?: string;
  readonly confirmDeletes?: boolean;
  readonly exclude?: readonly string[];
  readonly include?: readonly string[];
  readonly freeSpace?: boolean;
  readonly showRules?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly limitUp?: string;
  readonly limitDown?: string;
  readonly brake?: string;
  readonly installService?: boolean;
  readonly print?: boolean;
  readonly log?: boolean;
  readonly forget?: boolean;
}

const units: Readonly<Record<string, number>> = { "": 1, K: 1000, M: 1_000_000, G: 1_000_000_000 };
/** At lower rates, a block of 4 MiB would take more than an hour. */
const rateMin = 1000;

/** @returns bytes per second; undefined: no limit */
export function parseRate(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ""] = /^(\d{1,12}(?:\.\d{1,3})?)([KMG]?)(?:B\/s)?$/i.exec(text) ?? [];
  const rate = Number(digits) * (units[unit.toUpperCase()] ?? Number.NaN);
  if (Number.isNaN(rate))
    throw usage(`${option} is a number of bytes a second such as 200000, 500K or 2M, not ${text}.`);
  if (rate < rateMin) throw usage(`${option} is at least ${rateMin} bytes a second.`);
  return Math.round(rate);
}

/** Inverse of `parseRate`; "" without a limit. */
export function formatRate(bytesPerSecond: number | null | undefined): string {
  if (bytesPerSecond === null || bytesPerSecond === undefined) return "";
  const [unit = "", size = 1] = Object.entries(units).findLast(([, each]) => bytesPerSecond % each === 0) ?? [];
  return `${bytesPerSecond / size}${unit}`;
}

export type BrakeChoice = number | "off" | "on";

export function parseBrake(text: string): BrakeChoice {
  if (text === "off" || text === "on") return text;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw usage(`--brake takes a number of deletions of at least 1, on or off; not ${text}.`);
  return count;
}

/**
 * A leading / means the root, as in .holdfastignore.
 * @returns the path with / between its names and none at its ends
 */
export function parsePath(text: string, option: string): string {
  const parts = text.split("/").filter((part) => part !== "");
  if (parts[0] === ".") parts.shift();
  if (parts.length === 0 || parts.some((part) => part === "." || part === "..")) {
    throw usage(`${option} ${text}: use a path in the synced folder, such as photos/raw.`);
  }
  for (const name of parts) checkName(name);
  return parts.join("/");
}
