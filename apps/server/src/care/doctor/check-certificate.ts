import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type KeptTries, KeptCertificate } from "../certificates/kept-certificate.ts";
import { type Lifetime, lifetimeOf } from "../certificates/judge-certificate.ts";
import { notedAuthority } from "../../base/data-folder/server-notes.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** Checks that browsers will accept the TLS certificate. Reports nothing if another program handles TLS. */
export async function checkCertificate({ config, clock, random }: DoctorWorld): Promise<Finding[]> {
  const nowMs = clock.nowMicros() / 1000;
  if (config.tls !== undefined) {
    const lifetime = lifetimeOf(new X509Certificate(await readFile(config.tls.certFile)));
    return [judgeCertificate(config.tls.certFile, lifetime, undefined, nowMs)];
  }
  // A command does not see the flags of a running server.
  const authority = config.acme ?? notedAuthority(config.dataFolder);
  if (authority === undefined) return [];
  const kept = new KeptCertificate(config.dataFolder, authority.directory, random);
  const certificate = kept.certificate();
  const lifetime = certificate && lifetimeOf(new X509Certificate(certificate.chain));
  const none = { failures: 0, reason: "" };
  return [judgeCertificate(authority.domains.join(", "), lifetime, kept.tries() ?? none, nowMs)];
}

/** Renewal begins when a third of the lifetime is left, so it should be done by now. */
const nearShare = 1 / 6;
const nearMsMax = 14 * 24 * 3600_000;

/** @param tries undefined: another program renews it */
export function judgeCertificate(
  of: string,
  lifetime: Lifetime | undefined,
  tries: Pick<KeptTries, "failures" | "reason"> | undefined,
  nowMs: number,
): Finding {
  const isFailing = tries !== undefined && tries.failures > 0;
  const said = isFailing
    ? `; ${tries.failures === 1 ? "the last attempt" : `the last ${tries.failures} attempts`} to get one failed: ${tries.reason}`
    : "";
  const advice = adviceOf(tries !== undefined, isFailing);
  if (lifetime === undefined) return fail("certificate", `${of}: there is none yet${said}`, advice);
  const until = new Date(lifetime.untilMs).toISOString().slice(0, 16).replace("T", " ");
  if (lifetime.untilMs <= nowMs) return fail("certificate", `${of}: expired at ${until} UTC${said}`, advice);
  const detail = `${of}: good until ${until} UTC${said}`;
  const nearMs = Math.min((lifetime.untilMs - lifetime.fromMs) * nearShare, nearMsMax);
  return isFailing || lifetime.untilMs - nowMs < nearMs
    ? warn("certificate", detail, advice)
    : ok("certificate", detail);
}

function adviceOf(isRenewed: boolean, isFailing: boolean): string {
  if (!isRenewed) return "Renew it, and send the server SIGHUP.";
  if (isFailing)
    return "Fix the reported problem; the server retries automatically, and immediately when it is restarted.";
  return "Check that the server is running: it renews the certificate automatically. See its log for failures.";
}
