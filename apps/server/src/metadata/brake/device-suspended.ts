import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";

/** @param sinceMicros since 1970 */
export function deviceSuspended(sinceMicros: number): HoldfastError {
  const message =
    "This device has rewritten or deleted very many files within an hour, so it may change nothing until its person lets it go on, from another " +
    "device or browser: 'holdfast devices resume', or Settings, Devices in the web app. What it has stays on it.";
  return new HoldfastError("device_suspended", message, { body: { since: formatTime(sinceMicros) } });
}
