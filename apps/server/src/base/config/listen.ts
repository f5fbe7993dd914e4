import { isIP } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { isLoopback } from "./loopback.ts";

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port */
  readonly port: number;
}

const pattern = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))?:(\d{1,5})$|^(\d{1,5})$/;

/** Reads `host:port`, `[::1]:port`, `:port` or `port`. The default host is loopback. @throws HoldfastError `usage` */
export function parseListen(text: string): ListenAddress {
  const match = pattern.exec(text.trim());
  const port = Number(match?.[3] ?? match?.[4]);
  const literal = match?.[1];
  if (match !== null && port > 65_535)
    throw new HoldfastError("usage", `--listen ${text.slice(0, 100)}: ports go from 1 to 65535.`);
  if (match === null || (literal !== undefined && isIP(literal) !== 6)) {
    throw new HoldfastError("usage", `--listen ${text.slice(0, 100)}: must read like 127.0.0.1:8420 or [::1]:8420.`);
  }
  return { host: literal ?? match[2] ?? "127.0.0.1", port };
}

/** @throws HoldfastError `usage` if passwords and files would be sent unencrypted */
export function assertSafeToListen({ host, port }: ListenAddress, tls: boolean, behindProxy: boolean): void {
  if (host === "localhost" || isLoopback(host) || tls || behindProxy) return;
  throw new HoldfastError(
    "usage",
    `Listening on ${host}:${port} would send passwords and files unencrypted. Either give --tls-cert and --tls-key, or --acme DOMAIN, or put a ` +
      "proxy that speaks TLS in front and use --behind-proxy, or listen on 127.0.0.1 only.",
  );
}
