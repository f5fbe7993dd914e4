import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import type { Log } from "../../base/operation/log.ts";
import type { Metrics } from "../../base/operation/metrics.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import { ownOrigins } from "../exchange/own-page.ts";
import type { Peer } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";

/**
 * Policy violations are bugs or attacks. Anyone can send reports, so they are counted under few names, and only the
 * first of a kind in an hour is logged, for a limited number of kinds.
 */
export function policyReportHandlers({ log, metrics, clock }: PolicyReportWorld) {
  const known = new Set<string>();
  let sinceMs = clock.nowMs();
  /** Otherwise, invented reports would keep real ones out of the log until a restart. */
  const forgetOld = () => {
    const nowMs = clock.nowMs();
    if (nowMs - sinceMs < forgottenAfterMs) return;
    known.clear();
    sinceMs = nowMs;
  };
  return {
    reportPolicy: async ({ stream, peer }) => {
      const bytes = await readBounded(stream, limits.requestOpenBytesMax, "A report of a policy");
      forgetOld();
      for (const report of readReports(bytes)) {
        const { directive, from, fields } = judge(report, peer);
        metrics.policyReported(directive, from);
        const kind = JSON.stringify([directive, fields]);
        if (from !== "page" || known.size >= kindsMax || known.has(kind)) continue;
        known.add(kind);
        log.warn(
          { directive, ...fields },
          "the Content-Security-Policy blocked something on a page (logged once an hour)",
        );
      }
      return { status: 204 };
    },
  } satisfies Handlers;
}

export interface PolicyReportWorld {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const kindsMax = 50;
const forgottenAfterMs = 3_600_000;
const reportsMax = 20;

const text = z.string().optional();
const line = z.number().optional();
/** Format of `report-uri`. */
const single = z.object({
  "csp-report": z.object({
    "document-uri": text,
    "effective-directive": text,
    "violated-directive": text,
    "blocked-uri": text,
    "source-file": text,
    "line-number": line,
  }),
});
/** Format of the Reporting API, which may include other kinds. */
const several = z.array(
  z.object({
    type: z.string(),
    body: z
      .object({ documentURL: text, effectiveDirective: text, blockedURL: text, sourceFile: text, lineNumber: line })
      .nullish(),
  }),
);

interface Report {
  readonly document: string | undefined;
  readonly directive: string | undefined;
  readonly blocked: string | undefined;
  readonly source: string | undefined;
  readonly line: number | undefined;
}

function readReports(bytes: Uint8Array): Report[] {
  const parsed = z.union([single, several]).safeParse(parse(bytes));
  if (!parsed.success) throw notReport();
  if (Array.isArray(parsed.data)) {
    return parsed.data.slice(0, reportsMax).flatMap(({ type, body }) =>
      type !== "csp-violation" || body == null
        ? []
        : {
            document: body.documentURL,
            directive: body.effectiveDirective,
            blocked: body.blockedURL,
            source: body.sourceFile,
            line: body.lineNumber,
          },
    );
  }
  const report = parsed.data["csp-report"];
  return [
    {
      document: report["document-uri"],
      directive: report["effective-directive"] ?? report["violated-directive"]?.split(" ")[0],
      blocked: report["blocked-uri"],
      source: report["source-file"],
      line: report["line-number"],
    },
  ];
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw notReport();
  }
}

function notReport(): HoldfastError {
  return new HoldfastError("bad_request", "The body must be a browser's report about a Content-Security-Policy.");
}

const directives: ReadonlySet<string> = new Set(
  "default-src script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr img-src media-src font-src connect-src worker-src frame-src child-src manifest-src object-src base-uri form-action frame-ancestors require-trusted-types-for trusted-types".split(
    " ",
  ),
);

/** Ignores reports about extensions, which change pages, and about foreign pages. */
function judge(report: Report, peer: Peer) {
  const directive = directives.has(report.directive ?? "") ? (report.directive ?? "other") : "other";
  const document = URL.parse(report.document ?? "");
  const from = originOf(document, report, peer);
  const fields = {
    // The rest of the path may be a secret.
    page: document === null ? "" : `/${(document.pathname.split("/")[1] ?? "").slice(0, 40)}`,
    blocked: blockedOf(report.blocked),
    source: sourceOf(report.source, peer),
    ...(report.line === undefined ? {} : { line: report.line }),
  };
  return { directive, from, fields };
}

function originOf(document: URL | null, report: Report, peer: Peer): "page" | "extension" | "elsewhere" {
  if (document === null || !ownOrigins(peer).includes(document.origin)) return "elsewhere";
  const isExtension = [report.blocked, report.source].some((url) => /^[a-z-]*-extension\b/.test(url ?? ""));
  return isExtension ? "extension" : "page";
}

/** Returns a keyword (`inline`, `eval`, `data`) or the origin. */
function blockedOf(blocked = ""): string {
  if (/^[a-z-]{1,30}$/.test(blocked)) return blocked;
  const url = URL.parse(blocked);
  if (url === null) return "";
  return (url.origin === "null" ? url.protocol : url.origin).slice(0, 100);
}

function sourceOf(source = "", peer: Peer): string {
  const url = URL.parse(source);
  return url !== null && ownOrigins(peer).includes(url.origin) && url.pathname.startsWith("/assets/")
    ? url.pathname.slice(0, 100)
    : "";
}
