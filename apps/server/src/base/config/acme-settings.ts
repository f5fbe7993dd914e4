import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import type { ListenAddress } from "./listen.ts";
import type { Options } from "./options.ts";

export interface AcmeSettings {
  /** ASCII, lower case, without duplicates. Links begin with the first. */
  readonly domains: readonly [string, ...string[]];
  /** Address of the responsible person, for the authority; undefined: the authority gets none. */
  readonly email: string | undefined;
  readonly directory: string;
  /** Root certificate for the authority's own server, in PEM. */
  readonly rootCertificate: string | undefined;
}

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";
/** Names in private networks, for which public authorities issue no certificates. */
const privateEnds = /(?:^|\.)(?:local|localhost|localdomain|lan|home|internal|intranet|corp|test|invalid|home\.arpa)$/;

/** @throws HoldfastError `usage` naming the conflicting setting */
export function readAcmeSettings(options: Options): AcmeSettings | undefined {
  const { acme, acme_email: email, acme_directory: directory, acme_ca: rootFile } = options;
  const [first, ...others] = acme ?? [];
  if (first === undefined) {
    if (email === undefined && directory === undefined && rootFile === undefined) return undefined;
    throw usage("HOLDFAST_ACME_EMAIL, _DIRECTORY and _CA require --acme DOMAIN.");
  }
  if (options.tls_cert !== undefined || options.tls_key !== undefined) {
    throw usage("--acme gets a certificate automatically and cannot be combined with --tls-cert and --tls-key.");
  }
  if ((options.behind_proxy ?? 0) > 0) {
    throw usage("--acme is for a server that terminates TLS itself: behind a proxy, the proxy has the certificate.");
  }
  const hidden = [first, ...others].find((name) => !name.includes(".") || privateEnds.test(name));
  if (hidden !== undefined && directory === undefined) {
    throw usage(
      `--acme ${hidden}: public authorities issue no certificates for names that only exist in your own network. Use a name in a domain ` +
        "of yours or from a dynamic DNS service, or set HOLDFAST_ACME_DIRECTORY to your own authority.",
    );
  }
  return {
    domains: [first, ...others],
    email,
    directory: directory ?? letsEncrypt,
    rootCertificate: rootFile === undefined ? undefined : readRoot(rootFile),
  };
}

/** All addresses of the machine, with the port that authorities use. */
export function acmeListen(): ListenAddress {
  const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ family }) => family === "IPv6"));
  return { host: hasIpv6 ? "::" : "0.0.0.0", port: 443 };
}

function readRoot(path: string): string {
  try {
    const text = readFileSync(path, "utf8");
    void new X509Certificate(text);
    return text;
  } catch (error) {
    throw new HoldfastError(
      "usage",
      `HOLDFAST_ACME_CA: ${path} is not a PEM certificate: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
