import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Refuses what was sent to a name that is not this server's: a strange page whose own name was made to point here (DNS rebinding) would
 * otherwise be of one origin with us in a browser. An address in figures is nobody's name, and a proxy checks by itself.
 */
export class HostCheck {
  readonly #ownNames: ReadonlySet<string>;
  #certificate: X509Certificate | undefined;

  /** @param ownNames beside `localhost`, and those in the certificate */
  constructor(ownNames: readonly string[], certificate: string | undefined) {
    this.#ownNames = new Set(["localhost", ...ownNames].map((name) => name.toLowerCase()));
    this.renew(certificate);
  }

  renew(certificate: string | undefined): void {
    this.#certificate = certificate === undefined ? undefined : new X509Certificate(certificate);
  }

  /** @param header undefined passes: no browser leaves it out. @throws HoldfastError bad_request */
  assertOwn(header: string | undefined): void {
    if (header === undefined || this.#isOwn(hostOf(header))) return;
    const message =
      "The Host header names another server. Use this one's address or a name in its certificate; a proxy in front of it needs --behind-proxy, and another name HOLDFAST_PUBLIC_URL.";
    throw new HoldfastError("bad_request", message, { field: "Host" });
  }

  #isOwn(host: string): boolean {
    if (isIP(host) !== 0 || this.#ownNames.has(host) || host.endsWith(".localhost")) return true;
    if (localName.test(host)) return true;
    return this.#certificate?.checkHost(host) !== undefined;
  }
}

/** Of a machine or a container in one's own network: names of strangers have a dot. */
const localName = /^[a-z0-9_-]{1,63}$/;

/** Without port, brackets and the dot of the root. */
function hostOf(header: string): string {
  const [, literal, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? [];
  return (literal ?? name).toLowerCase().replace(/\.$/, "");
}
