/**
 * A name as it is shown. What turns the direction of writing is made visible: with it `gpj.exe` reads as `exe.jpg`, and no name that
 * people write needs it.
 */
export function shownName(name: string): string {
  return name.replaceAll(/[\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
}
