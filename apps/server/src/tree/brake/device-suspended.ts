import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import type { Actor } from "../actor.ts";

/**
 * Guards actions with which a program on the device could bypass the suspension or keep its owner from ending it.
 * @throws HoldfastError device_suspended
 */
export function assertNotSuspended({ suspendedAtMicros }: Pick<Actor, "suspendedAtMicros">): void {
  if (suspendedAtMicros !== undefined) throw deviceSuspended(suspendedAtMicros);
}

/** @param sinceMicros microseconds since 1970 */
export function deviceSuspended(sinceMicros: number): HoldfastError {
  const message =
    "This device rewrote or deleted unusually many files within an hour, so it cannot change anything until its owner resumes it from another " +
    "device or browser: 'holdfast devices resume', or Settings, Devices in the web app. Its files stay on the device.";
  return new HoldfastError("device_suspended", message, { body: { since: formatTime(sinceMicros) } });
}
