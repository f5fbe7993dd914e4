/** A server of a database URL. */
export interface Host {
  /** Name, address, or folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface DatabaseUrl {
  /** With the first host only, because the driver accepts no list. Everything else applies to all hosts. */
  readonly url: string;
  /** Empty for a single host, which the driver reads and checks itself. */
  readonly hosts: readonly Host[];
}

const form = /^(postgres(?:ql)?:\/\/)(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(?:\?(.*))?$/;
const defaultPort = 5432;
/** Both mean the primary, unless somebody has made it read-only. */
const attributes = new Set(["read-write", "primary"]);

/** @returns what is wrong with the URL, without its password; undefined if it can be used */
export function databaseUrlFault(text: string): string | undefined {
  const parsed = parse(text);
  return typeof parsed === "string" ? parsed : undefined;
}

/**
 * Several hosts are read like those of libpq: `host1:5432,host2:5432`, or `?host=host1,host2&port=5432`.
 * @throws Error if the URL cannot be used
 */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  const parsed = parse(text);
  if (typeof parsed === "string") throw new Error(`The database URL ${parsed}.`);
  return parsed;
}

function parse(text: string): DatabaseUrl | string {
  const match = form.exec(text);
  if (match === null) return "must read like postgres://user:password@host/database";
  const [, scheme = "", user, authority = "", path = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  const hosts = hostsOf(authority, parameters);
  if (typeof hosts === "string") return hosts;
  const attribute = parameters.get("target_session_attrs");
  if (attribute !== null && !attributes.has(attribute) && (hosts.length > 1 || attribute !== "any"))
    return "has a target_session_attrs other than read-write or primary, but Holdfast needs the primary";
  const [first] = hosts;
  if (hosts.length < 2 || first === undefined) return { url: text, hosts: [] };
  parameters.delete("target_session_attrs");
  parameters.set("host", first.host);
  parameters.set("port", String(first.port));
  const account = user === undefined ? "" : `${user}@`;
  return {
    url: `${scheme}${account}${path === "" ? "/" : path}?${parameters.toString().replaceAll("+", "%20")}`,
    hosts,
  };
}

/** Faults contain no text of the URL, because an unescaped password can be anywhere. */
function hostsOf(authority: string, parameters: URLSearchParams): readonly Host[] | string {
  const names = parameters.get("host");
  const entries = (names ?? authority).split(",").map((entry) => splitPort(entry, names !== null));
  if (entries.length < 2) return [];
  if (entries.some(({ host }) => host === "")) return "has an empty host in its list";
  const ports = portsOf(entries, parameters.get("port"));
  if (ports.length !== entries.length) return `has ${ports.length} ports for ${entries.length} hosts`;
  if (!ports.every((port) => port === "" || isPort(port))) return "has a port that is not a number from 1 to 65535";
  const hosts = entries.map(({ host }, index) => ({ host, port: Number(ports[index] || defaultPort) }));
  return new Set(hosts.map(hostName)).size === hosts.length ? hosts : "lists a host twice";
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) < 2 ** 16;
}

/** One port in the query applies to all hosts. */
function portsOf(entries: readonly { readonly port: string }[], query: string | null): readonly string[] {
  if (query === null) return entries.map(({ port }) => port);
  const ports = query.split(",");
  return ports.length === 1 ? entries.map(() => ports[0] ?? "") : ports;
}

function splitPort(entry: string, isQuery: boolean): { readonly host: string; readonly port: string } {
  if (isQuery) return { host: entry, port: "" };
  const [, v6, name = "", port = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(entry) ?? [];
  return { host: v6 ?? decodeHost(name === "" && v6 === undefined && port === "" ? entry : name), port };
}

function decodeHost(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function hostName({ host, port }: Host): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === defaultPort ? shown : `${shown}:${port}`;
}
