/**
 * A text as administrators may see it: of an address no user information but the name of a database's user, and of its query only what is known
 * to be harmless. Of one that can be read in more than one way nothing but the scheme: a password that was written as it is may have any
 * character, so that what looks like a host or a path may be a part of it.
 */
export function shownAddress(text: string): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]{0,20}):\/\//i.exec(text)?.[1];
  if (scheme === undefined) return text.includes("://") ? hidden : text;
  const [, authority = "", path = "", query] = form.exec(text) ?? [];
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const isPlain = form.test(text) && host.split(",").every((each) => hostForm.test(each)) && pathForm.test(path);
  if (!isPlain) return `${scheme}://${hidden}`;
  const user = at === -1 ? "" : `${userOf(scheme, authority.slice(0, at))}@`;
  return `${scheme}://${user}${host}${path}${query === undefined ? "" : `?${shownQuery(query)}`}`;
}

const hidden = "***";

/** No @ stands behind what names user and hosts, of which a database may have several. */
const form = /^[a-z][a-z0-9+.-]{0,20}:\/\/([^/?#]*)(\/[^?#@]*)?(?:\?([^#@]*))?$/i;
const hostForm = /^(?:\[[0-9a-f:.]*\]|[\w.-]*)(?::\d{1,5})?$/i;
const pathForm = /^[\w./-]*$/;

function userOf(scheme: string, user: string): string {
  const name = /^postgres(?:ql)?$/i.test(scheme) ? /^([\w.-]+):/.exec(user)?.[1] : undefined;
  return name === undefined ? hidden : `${name}:${hidden}`;
}

const harmless: Readonly<Record<string, RegExp>> = {
  sslmode: /^(?:disable|allow|prefer|require|verify-ca|verify-full|no-verify)$/,
  insecure: /^(?:true|false)$/,
  path_style: /^(?:true|false)$/,
  region: /^[a-z]{2}(?:-[a-z]{1,10}){1,3}-\d$/,
  endpoint: /^https?:\/\/[\w.-]+(?::\d{1,5})?\/?$/,
};
/** Whose names tell nothing, unlike a part of a password that looks like one. */
const known = new Set([
  "user",
  "password",
  "host",
  "port",
  "dbname",
  "sslkey",
  "sslcert",
  "sslrootcert",
  "application_name",
]);

function shownQuery(query: string): string {
  const pairs = query.split("&").map((pair) => {
    const [name = "", ...rest] = pair.split("=");
    if (Object.hasOwn(harmless, name) && harmless[name]?.test(rest.join("=")) === true) return pair;
    return known.has(name) || Object.hasOwn(harmless, name) ? `${name}=${hidden}` : hidden;
  });
  return pairs.join("&");
}
