import { randomBytes, X509Certificate } from "node:crypto";
import { lifetimeOf } from "../care/certificates/judge-certificate.ts";
import { ServerCertificate } from "../care/certificates/server-certificate.ts";
import { KeptCertificate } from "../care/certificates/kept-certificate.ts";
import type { Config } from "../base/config/read-config.ts";
import { openDataFolder } from "../base/data-folder/open-data-folder.ts";
import type { HttpServer, HttpServerOptions } from "../edge/server.ts";
import type { Log } from "../base/operation/log.ts";
import type { Closers } from "./closers.ts";
import { systemClock } from "./system-clock.ts";
import { readTls } from "./tls.ts";

export interface OpenedTls {
  readonly tls: NonNullable<HttpServerOptions["tls"]>;
  /** Passes later certificates to the running server. */
  readonly keep: (http: HttpServer, closers: Closers) => void;
  /** Reads the certificate files again, if any. */
  readonly reread: (http: HttpServer) => void;
  /** Expiry of the current certificate. */
  readonly untilMs: () => number;
}

interface TlsParts {
  readonly log: Log;
  readonly version: string;
}

/** An authority may delay the start. Nothing else is open during the wait, so a stop has nothing to close. */
export async function openTls(config: Config, { log, version }: TlsParts): Promise<OpenedTls | undefined> {
  if (config.tls !== undefined) return ofFiles(config.tls);
  if (config.acme === undefined) return undefined;
  const folder = await openDataFolder(config.dataFolder);
  try {
    const certificate = new ServerCertificate({
      settings: config.acme,
      kept: new KeptCertificate(folder.path, config.acme.directory, randomBytes),
      listen: config.listen,
      clock: systemClock,
      chance: Math.random,
      log,
      userAgent: `holdfast/${version}`,
    });
    const first = await certificate.first();
    return {
      reread: () => {},
      untilMs: () => certificate.untilMs,
      tls: { cert: first.chain, key: first.key, ALPNCallback: certificate.choose },
      keep: (http, closers) => {
        certificate.keep(first, ({ chain, key }) => http.renewTls({ cert: chain, key }));
        closers.add("certificate", () => certificate.stop());
      },
    };
  } finally {
    folder.release();
  }
}

function ofFiles(files: NonNullable<Config["tls"]>): OpenedTls {
  let served = readTls(files);
  return {
    tls: served,
    keep: () => {},
    reread: (http) => {
      const next = readTls(files);
      http.renewTls(next);
      served = next;
    },
    untilMs: () => lifetimeOf(new X509Certificate(served.cert)).untilMs,
  };
}
