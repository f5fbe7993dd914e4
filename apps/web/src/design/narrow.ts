/** Phones, also small windows: below the breakpoint `sm`, where the bottom bar replaces the navigation. */
export function isNarrow(): boolean {
  return matchMedia("(width < 640px)").matches;
}
