import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";

type FindingJson = DiagnosisJson["items"][number];
export type FindingState = FindingJson["state"];

export interface Finding extends FindingJson {
  /** Folder or cell. Identifies the finding in later runs. */
  readonly subject?: string;
  /** When administrators are notified; by default after two runs. */
  readonly urgency?: Urgency;
}

/**
 * `damage`: stored data is lost or in doubt, so one run suffices. `passing`: usually ends within an hour. `new`:
 * affects a new server.
 */
export type Urgency = "damage" | "usual" | "passing" | "new";

export function ok(check: string, detail: string): Finding {
  return { check, state: "ok", detail, advice: null };
}

/** It works, but something is wrong. */
export function warn(check: string, detail: string, advice: string): Finding {
  return { check, state: "warn", detail, advice };
}

/** It does not work, or stored data is in danger. */
export function fail(check: string, detail: string, advice: string): Finding {
  return { check, state: "fail", detail, advice };
}

export function of(subject: string, finding: Finding): Finding {
  return { ...finding, subject };
}
