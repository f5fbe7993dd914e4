import { formatTime } from "@holdfast/core/times";

/** What brings a folder back, by default the whole space of whoever types it. @param momentMicros since 1970 */
export function rewindCommand(momentMicros: number, path = "/"): string {
  const isPlain = /^[\w./-]+$/.test(path);
  const quoted = isPlain ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `holdfast rewind ${quoted} --to ${formatTime(momentMicros)}`;
}
