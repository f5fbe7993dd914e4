import type { DeviceSystem } from "@holdfast/protocol/device-routes";

/** Example: `Firefox on Linux`. Uses known names only, because the header can contain anything. */
export function browserName(userAgent = ""): string {
  const browser = find(browsers, userAgent) ?? "Browser";
  const system = browserSystem(userAgent);
  return system === undefined ? browser : `${browser} on ${system}`;
}

export function browserSystem(userAgent = ""): DeviceSystem | undefined {
  return find(systems, userAgent);
}

function find<Name extends string>(names: readonly (readonly [RegExp, Name])[], userAgent: string): Name | undefined {
  return names.find(([pattern]) => pattern.test(userAgent.slice(0, userAgentCharactersMax)))?.[1];
}

const userAgentCharactersMax = 1000;

/** Ordered: most of these browsers also claim to be a later one. */
const browsers = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;

const systems = [
  [/\biPhone\b|\biPad\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
] as const;
