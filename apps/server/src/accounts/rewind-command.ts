import { formatTime } from "@holdfast/core/times";

/** What brings the whole space of whoever types it back. @param momentMicros since 1970 */
export function rewindCommand(momentMicros: number): string {
  return `holdfast rewind / --to ${formatTime(momentMicros)}`;
}
