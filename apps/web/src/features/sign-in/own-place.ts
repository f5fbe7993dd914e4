/**
 * Returns the page to open after the sign-in. Only places of this app are allowed. Otherwise a crafted link to the
 * sign-in page could redirect anywhere.
 * @param next value from the address
 */
export function ownPlace(next: string | undefined): string {
  const home = "/files";
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return home;
  const base = "https://own.invalid";
  try {
    const { origin, pathname, search } = new URL(next, base);
    // A resolved path such as "/.//evil.example" could name another host.
    const isOwn = origin === base && !pathname.startsWith("//") && pathname !== "/sign-in";
    return isOwn ? pathname + search : home;
  } catch {
    return home;
  }
}
