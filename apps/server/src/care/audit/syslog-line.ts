import { limits } from "@holdfast/core/limits";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";

/** "log audit". */
const facility = 13;
const severities = { informational: 6, warning: 4 } as const;

export interface SyslogSource {
  readonly host: string;
  readonly pid: number;
}

/**
 * RFC 5424, in ASCII. Names only some nodes of a long batch, because receivers truncate long messages, which breaks the
 * JSON.
 */
export function syslogLine(entry: AuditEntryJson, { host, pid }: SyslogSource): Buffer {
  const severity = entry.result === "ok" ? severities.informational : severities.warning;
  const head = `<${facility * 8 + severity}>1 ${entry.at} ${nameOf(host)} holdfast ${pid} audit -`;
  return Buffer.from(`${head} ${asciiJson(shortened(entry))}`);
}

function shortened(entry: AuditEntryJson): unknown {
  const { node_ids = [] } = entry;
  if (node_ids.length <= limits.auditSyslogNodesMax) return entry;
  return {
    ...entry,
    node_ids: node_ids.slice(0, limits.auditSyslogNodesMax),
    node_ids_left_off: node_ids.length - limits.auditSyslogNodesMax,
  };
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** PRINTUSASCII, at most 255 characters. */
function nameOf(host: string): string {
  const name = host.replaceAll(/[^\x21-\x7e]/g, "").slice(0, 255);
  return name === "" ? "-" : name;
}
