import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { problemsOf } from "./doctor-findings.ts";

function finding(check: string, state: "ok" | "warn" | "fail") {
  return { check, state, detail: "", advice: null };
}

test("failures are listed before warnings, each in the server's order, without passed checks", () => {
  const items = [
    finding("versions", "ok"),
    finding("backup", "warn"),
    finding("disk", "fail"),
    finding("jobs", "warn"),
    finding("keys", "fail"),
  ];
  const diagnosis: DiagnosisJson = { state: "fail", items };
  assert.deepEqual(
    problemsOf(diagnosis).map(({ check }) => check),
    ["disk", "keys", "backup", "jobs"],
  );
});
