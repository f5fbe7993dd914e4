/**
 * Returns only places of this app. A crafted link to the sign-in page could otherwise redirect anywhere.
 * @param next value from the address
 */
export function ownPlace(next: string | undefined): string {
  const home = "/files";
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return home;
  const base = "https://own.invalid";
  try {
    const { origin, pathname, search } = new URL(next, base);
    // "/.//evil.example" resolves to another host.
    const isOwn = origin === base && !pathname.startsWith("//") && pathname !== "/sign-in";
    return isOwn ? pathname + search : home;
  } catch {
    return home;
  }
}
