import { randomBytes, X509Certificate } from "node:crypto";
import { lifetimeOf } from "../certificates/judge-certificate.ts";
import { ServerCertificate } from "../certificates/server-certificate.ts";
import { KeptCertificate } from "../certificates/kept-certificate.ts";
import type { Config } from "../config/read-config.ts";
import { openDataFolder } from "../data-folder/open-data-folder.ts";
import type { HttpServer, HttpServerOptions } from "../http/server.ts";
import type { Log } from "../operation/log.ts";
import type { Closers } from "./closers.ts";
import { systemClock } from "./system-clock.ts";
import { readTls } from "./tls.ts";

export interface OpenedTls {
  readonly tls: NonNullable<HttpServerOptions["tls"]>;
  /** Once the server is there: it gets each later certificate. */
  readonly keep: (http: HttpServer, closers: Closers) => void;
  /** Reads its files again, if it is of files. */
  readonly reread: (http: HttpServer) => void;
  /** When what is served expires. */
  readonly untilMs: () => number;
}

interface TlsParts {
  readonly log: Log;
  readonly version: string;
}

/**
 * The certificate by which the server speaks TLS: of the two files, or of an authority, for which the start may wait. It comes before all
 * else that a server opens, so that one that waits, and is told to stop, has nothing to close.
 */
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
