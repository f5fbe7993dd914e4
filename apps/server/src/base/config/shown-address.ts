/**
 * Removes secrets from a URL. Keeps the name of a database user, but no other user information, and only harmless parts
 * of the query. Keeps only the scheme of an ambiguous URL: an unencoded password may contain any character, so that a
 * part of it looks like a host or path.
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

/** Rejects @ after the authority. A database's authority may contain several hosts. */
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
/** Harmless parameter names. Others might be a part of a password. */
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
