/**
 * Replaces characters that change the writing direction, with which `gpj.exe` could display as `exe.jpg`. Real names do
 * not need them.
 */
export function shownName(name: string): string {
  return name.replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
}
