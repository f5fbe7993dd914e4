import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { isLoopback } from "./loopback.ts";

import type { Options } from "./options.ts";
import { serverNameDefault } from "./server-name.ts";

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `connect`: TLS from the start; `needed`: STARTTLS is required; `offered`: STARTTLS if the server offers it. */
  readonly tls: "connect" | "needed" | "offered";
  readonly isCertificateChecked: boolean;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly from: { readonly name: string; readonly address: string };
}

/**
 * Passwords and links are never sent unencrypted or to strangers: without `?insecure=true`, a remote mail server needs
 * a valid certificate for its name.
 * @throws HoldfastError `usage` naming the setting
 */
export function readMailSettings(
  options: Pick<Options, "smtp_url" | "mail_from" | "server_name">,
): MailSettings | undefined {
  const { smtp_url: url, mail_from: from, server_name: serverName = serverNameDefault } = options;
  if (url === undefined) return undefined;
  if (from === undefined) throw usage("HOLDFAST_SMTP_URL needs HOLDFAST_MAIL_FROM, the sender of the e-mails.");
  const server = readSmtpUrl(url);
  const { protocol, hostname, port, username, password } = server;
  const host = hostname.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  const isTrusted = isThisMachine(host) || server.searchParams.get("insecure") === "true";
  const byStart = isTrusted ? "offered" : "needed";
  const [tls, portDefault] = protocol === "smtps:" ? (["connect", 465] as const) : ([byStart, 587] as const);
  return {
    host,
    port: port === "" ? portDefault : Number(port),
    tls,
    isCertificateChecked: !isTrusted,
    login: username === "" ? undefined : { user: decoded(username), password: decoded(password) },
    from: readFrom(from, serverName),
  };
}

/**
 * Links in mails must work from anywhere. The listen address suffices if it names one host. Behind a proxy, or when
 * listening on all addresses, only the operator knows the URL.
 * @throws HoldfastError `usage`
 */
export function assertLinksReachable({ mail, publicUrl, proxyHops, listen }: Reach): void {
  if (mail === undefined || publicUrl !== undefined) return;
  if (proxyHops === 0 && !["0.0.0.0", "::"].includes(listen.host)) return;
  throw usage(
    "HOLDFAST_SMTP_URL needs HOLDFAST_PUBLIC_URL, like https://drive.example.org: links in e-mails start with it.",
  );
}

interface Reach {
  readonly mail: MailSettings | undefined;
  readonly publicUrl: string | undefined;
  readonly proxyHops: number;
  readonly listen: { readonly host: string };
}

/** Errors never contain the password. */
function readSmtpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const strange = [...(url?.searchParams ?? [])].some(([name, value]) => name !== "insecure" || !yesNo.test(value));
  if (url === undefined || url.hostname === "" || url.hash !== "" || !["", "/"].includes(url.pathname) || strange) {
    throw usage(
      "HOLDFAST_SMTP_URL: must look like smtp://user:password@mail.example.org:587 or smtps://…, with no parameter except ?insecure=true; special characters in user and password must be percent-encoded.",
    );
  }
  return url;
}

const yesNo = /^(?:true|false)$/;

function isThisMachine(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && isLoopback(host));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw usage("HOLDFAST_SMTP_URL: user and password must be percent-encoded UTF-8.");
  }
}

const fromPattern = /^(?:([^<>\r\n]*)<([^<>\s@]+@[^<>\s@]+)>|([^<>\s@,;]+@[^<>\s@,;]+))$/;

/** Reads `drive@example.org` or `Our drive <drive@example.org>`. @param serverName for an address without a name */
function readFrom(text: string, serverName: string): MailSettings["from"] {
  const [matched, name = "", inner, alone] = fromPattern.exec(text.trim()) ?? [];
  if (matched === undefined) {
    throw usage("HOLDFAST_MAIL_FROM: must read like drive@example.org or Our drive <drive@example.org>.");
  }
  const ownName = name.trim().replace(/^"(.*)"$/, "$1");
  return { name: ownName === "" ? serverName : ownName, address: inner ?? alone ?? "" };
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
