/**
 * Where somebody goes once they are signed in. Only to a place of this app: whoever makes a link to the sign-in could lead them
 * anywhere else with it.
 * @param next as it stands in the address
 */
export function ownPlace(next: string | undefined): string {
  const home = "/files";
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return home;
  const base = "https://own.invalid";
  try {
    const { origin, pathname, search } = new URL(next, base);
    // What comes of "/.//evil.example" names a host.
    const isOwn = origin === base && !pathname.startsWith("//") && pathname !== "/sign-in";
    return isOwn ? pathname + search : home;
  } catch {
    return home;
  }
}
