import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";

type FindingJson = DiagnosisJson["items"][number];
export type FindingState = FindingJson["state"];

/** What was found of one thing. */
export interface Finding extends FindingJson {
  /** What was looked at, where a check looks at several of a kind: a folder, a cell. By it the next look knows it again. */
  readonly subject?: string;
  /** How soon somebody is told of it without asking; unless given, once two looks have found it. */
  readonly urgency?: Urgency;
}

/**
 * `damage`: what is stored is lost or in doubt, and no second look makes that better. `passing`: as a rule it is over by itself within
 * the hour. `new`: it belongs to a server that was set up a moment ago.
 */
export type Urgency = "damage" | "usual" | "passing" | "new";

export function ok(check: string, detail: string): Finding {
  return { check, state: "ok", detail, advice: null };
}

/** It works, and something is not as it should be. */
export function warn(check: string, detail: string, advice: string): Finding {
  return { check, state: "warn", detail, advice };
}

/** It does not work, or what is stored is in danger. */
export function fail(check: string, detail: string, advice: string): Finding {
  return { check, state: "fail", detail, advice };
}

/** The same finding, of this one of several. */
export function of(subject: string, finding: Finding): Finding {
  return { ...finding, subject };
}
