import type { Config } from "../../base/config/read-config.ts";
import type { CheckName } from "../doctor/diagnose.ts";
import type { DoctorWorld } from "../doctor/doctor-world.ts";
import { type FindingsWorld, reportFindings } from "../doctor/report-findings.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export interface DoctorJobParts extends Pick<FindingsWorld, "shards" | "kick"> {
  readonly doctor: DoctorWorld;
  readonly config: Pick<Config, "doctorPeriodMs">;
}

/** Limit for the first check, so that problems at a start show early. The second check drops those that are over. */
const firstMs = 2 * 60_000;

export function doctorJobs({ doctor, config, shards, kick }: DoctorJobParts): PeriodicJob[] {
  const { doctorPeriodMs: periodMs } = config;
  if (periodMs === undefined) return [];
  const hanging = new Set<CheckName>();
  const world = {
    shards,
    kick,
    clock: doctor.clock,
    examine: async (name: CheckName) => {
      const { examine } = await import("../doctor/diagnose.ts");
      return examine(doctor, name, hanging);
    },
  };
  const run = (signal: AbortSignal) => reportFindings(world, periodMs, signal);
  return [{ name: "doctor", everyMs: periodMs, firstInMs: Math.min(periodMs, firstMs), run }];
}
