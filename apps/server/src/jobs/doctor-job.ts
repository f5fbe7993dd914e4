import type { Config } from "../config/read-config.ts";
import { type CheckName, examine } from "../doctor/diagnose.ts";
import type { DoctorWorld } from "../doctor/doctor-world.ts";
import { type TellingWorld, tellFindings } from "../doctor/tell-findings.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export interface DoctorJobParts extends Pick<TellingWorld, "shards" | "kick"> {
  readonly doctor: DoctorWorld;
  readonly config: Pick<Config, "doctorPeriodMs">;
}

/** Within which the first look is, so that what is wrong at a start is known soon; what is over by then is in no second look. */
const firstMs = 2 * 60_000;

/** The server looks at itself, and tells its administrators what it finds wrong. */
export function doctorJobs({ doctor, config, shards, kick }: DoctorJobParts): PeriodicJob[] {
  const { doctorPeriodMs: periodMs } = config;
  if (periodMs === undefined) return [];
  const hanging = new Set<CheckName>();
  const world = { shards, kick, clock: doctor.clock, examine: (name: CheckName) => examine(doctor, name, hanging) };
  const run = (signal: AbortSignal) => tellFindings(world, periodMs, signal);
  return [{ name: "doctor", everyMs: periodMs, firstInMs: Math.min(periodMs, firstMs), run }];
}
