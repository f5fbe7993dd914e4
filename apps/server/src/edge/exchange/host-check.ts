import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Rejects requests with another server's name in Host. A site that points its own name here (DNS rebinding) would
 * otherwise share our origin in browsers. IP addresses are allowed, and a proxy does its own check.
 */
export class HostCheck {
  readonly #ownNames: ReadonlySet<string>;
  #certificate: X509Certificate | undefined;

  /** @param ownNames names in addition to `localhost` and those in the certificate */
  constructor(ownNames: readonly string[], certificate: string | undefined) {
    this.#ownNames = new Set(["localhost", ...ownNames].map((name) => name.toLowerCase()));
    this.renew(certificate);
  }

  renew(certificate: string | undefined): void {
    this.#certificate = certificate === undefined ? undefined : new X509Certificate(certificate);
  }

  /**
   * @param header undefined passes, because browsers always send it
   * @throws HoldfastError bad_request
   */
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

/** Name of a machine or container in the local network. Public names contain a dot. */
const localName = /^[a-z0-9_-]{1,63}$/;

/** Removes port, brackets and trailing dot. */
function hostOf(header: string): string {
  const [, literal, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? [];
  return (literal ?? name).toLowerCase().replace(/\.$/, "");
}
