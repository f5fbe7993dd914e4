import { formatTime } from "@holdfast/core/times";

/** @param momentMicros since 1970 */
export function rewindCommand(momentMicros: number, path = "/"): string {
  const isPlain = /^[\w./-]+$/.test(path);
  const quoted = isPlain ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `holdfast rewind ${quoted} --to ${formatTime(momentMicros)}`;
}
