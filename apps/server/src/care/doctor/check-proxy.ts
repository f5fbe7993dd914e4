import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

export async function checkProxy({ unreadableAddresses: recent }: Pick<DoctorWorld, "unreadableAddresses">) {
  return recent === undefined ? [] : [judgeAddresses(recent())];
}

export function judgeAddresses(unreadable: { requests: number; entry: string } | undefined): Finding {
  if (unreadable === undefined) return ok("proxy", "the proxy passes on an address for each request");
  const { requests, entry } = unreadable;
  return warn(
    "proxy",
    `${requests} requests had no valid client address; the last had ${JSON.stringify(entry)} instead`,
    "They share one rate limit and are one unknown peer in the audit log. Make the outermost proxy append the client's address to X-Forwarded-For, " +
      "and set HOLDFAST_BEHIND_PROXY to the number of proxies that do so.",
  );
}
