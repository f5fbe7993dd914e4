import { formatTime } from "@holdfast/core/times";

/**
 * Command that rewinds a folder, by default the whole space of the person who runs it.
 * @param momentMicros since 1970
 */
export function rewindCommand(momentMicros: number, path = "/"): string {
  const isPlain = /^[\w./-]+$/.test(path);
  const quoted = isPlain ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `holdfast rewind ${quoted} --to ${formatTime(momentMicros)}`;
}
