import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";

export type Finding = DiagnosisJson["items"][number];

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
