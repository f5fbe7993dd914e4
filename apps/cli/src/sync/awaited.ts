import { isOwnersQuota, needsPerson } from "@holdfast/sync/loop/reports/problems";
import { isDiskHereFull } from "../output/system-failure.ts";
import type { SyncReport } from "./report.ts";

/** Cause of the state `waiting`. Only an administrator can free the server's disk; the person at this device cannot. */
export type Awaited = "you" | "server" | "quota" | "owner";

export const awaitedWords: Readonly<Record<Awaited, string>> = {
  you: "waiting for you",
  server: "waiting for space on the server",
  quota: "waiting for space in your quota",
  owner: "waiting for space in a shared folder",
};

export function awaitedOf({
  problems,
  deletions_waiting,
}: Pick<SyncReport, "problems" | "deletions_waiting">): Awaited {
  // A folder without a watch is scanned, so nothing waits for it.
  const awaited = problems.filter((problem) => needsPerson(problem) && problem.code !== "not_watched").map(spaceOf);
  if (deletions_waiting > 0 || awaited.length === 0 || awaited.includes("you")) return "you";
  if (awaited.includes("server")) return "server";
  return awaited.includes("quota") ? "quota" : "owner";
}

/** A full local disk is reported for one file, or by a system error code. */
function spaceOf(problem: SyncReport["problems"][number]): Awaited {
  if (problem.code === "quota") return isOwnersQuota(problem) ? "owner" : "quota";
  return problem.code === "store_full" && problem.path === "" && !isDiskHereFull(problem) ? "server" : "you";
}
