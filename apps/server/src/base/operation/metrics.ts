import { createRequire } from "node:module";
import type * as library from "prom-client";

// The library's index loads three times as many modules.
const load = createRequire(import.meta.url);
const Counter = load("prom-client/lib/counter.js") as typeof library.Counter;
const Gauge = load("prom-client/lib/gauge.js") as typeof library.Gauge;
const Histogram = load("prom-client/lib/histogram.js") as typeof library.Histogram;
const Registry = load("prom-client/lib/registry.js") as typeof library.Registry;
type Registry = library.Registry;

import type { ReadCounts } from "../db/replicas/reads.ts";

export interface ObservedRequest {
  readonly method: string;
  /** Route pattern (`/api/v1/files/:id`), never the URL, which may hold a secret. `none` without a match. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Metrics {
  readonly observe: (request: ObservedRequest) => void;
  /** Instead of `observe`, for a request that a busy server rejects. */
  readonly rejected: () => void;
  readonly pollHeld: () => void;
  readonly pollReleased: () => void;
  /** Delay between a change and the answer of a waiting poll. */
  readonly newsDelivered: (seconds: number) => void;
  /** Both values come from short fixed lists. */
  readonly policyReported: (directive: string, from: string) => void;
  readonly countersMended: (count: number) => void;
  readonly audited: (entries: number) => void;
  /** Entries removed before they could reach the syslog server. */
  readonly auditDropped: (entries: number) => void;
  /** Starts to measure the process. Loads most of the library. */
  measureProcess(): Promise<void>;
  /** Prometheus text format. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Read on each request, so that processes do not count values twice. */
export interface MetricSources {
  readonly stored?: () => Promise<StoredBytes>;
  /** Blocks without a known whole copy. */
  readonly damagedBlocks?: () => Promise<number>;
  readonly drill?: () => Promise<{ readonly age: number | undefined; readonly problems: number } | undefined>;
  /** Last lookup of accounts linked to the LDAP server; undefined before the first. */
  readonly ldap?: () => Promise<{ readonly age: number | undefined; readonly stopped: number } | undefined>;
  readonly backupAgeSeconds?: () => Promise<number | undefined>;
  readonly databaseConflicts?: () => number;
  /** By shard with replicas. */
  readonly databaseReads?: () => ReadonlyMap<string, ReadCounts>;
  readonly databaseReadOnly?: () => boolean;
  /** One entry for each kind of message. */
  readonly queue?: () => Promise<readonly QueueFigures[]>;
  readonly waiting?: () => Promise<readonly WaitingBlocks[]>;
  /** Devices that are read-only after too many changes or deletions. */
  readonly suspendedDevices?: () => Promise<number>;
  readonly copies?: () => Promise<readonly CopyFigures[]>;
  readonly disks?: () => Promise<readonly DiskFigures[]>;
  /** Time until the TLS certificate expires. */
  readonly certificateSeconds?: () => number;
  /** Age of the metadata copy in the store; undefined before the first one. */
  readonly metadata?: () => {
    readonly snapshotSeconds: number | undefined;
    readonly journalSeconds: number | undefined;
  };
}

interface DiskFigures {
  readonly folder: string;
  readonly freeBytes: number;
  /** Space that uploads leave free. */
  readonly reserveBytes: number;
}

interface CopyFigures {
  readonly store: string;
  readonly state: string;
  readonly lag_objects: number;
  readonly lag_bytes: number;
}

export interface StoredBytes {
  /** Bytes in all versions. */
  readonly used: number;
  /** Bytes stored for them. */
  readonly stored: number;
}

export interface WaitingBlocks {
  readonly place: "space" | "cell";
  readonly blocks: number;
  readonly bytes: number;
}

interface QueueFigures {
  readonly kind: string;
  readonly waiting: number;
  readonly dead: number;
  readonly oldestSeconds: number;
}

/**
 * Base units are seconds and bytes. The p99 of the metadata API is the quantile of the histogram for `api="metadata"`.
 */
export function openMetrics(sources: MetricSources = {}): Metrics {
  const registry = new Registry();
  const measureProcess = measuringOnce(registry);
  const registers = [registry];
  const rejected = makeRejected(registers);
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the headers of a request to the last byte of its response",
    labelNames: ["method", "route", "status", "api"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    registers,
  });
  const bytesIn = new Counter({
    name: "http_request_bytes_total",
    help: "Bytes of request bodies",
    labelNames: ["api"],
    registers,
  });
  const bytesOut = new Counter({
    name: "http_response_bytes_total",
    help: "Bytes of response bodies",
    labelNames: ["api"],
    registers,
  });
  const policyReports = new Counter({
    name: "policy_reports_total",
    help: "Violations of a page's Content-Security-Policy reported by browsers",
    labelNames: ["directive", "from"],
    registers,
  });
  const mended = new Counter({
    name: "reference_counters_mended_total",
    help: "Reference counters that were too low, which is a defect; nothing was removed because of them",
    registers,
  });
  const audited = new Counter({ name: "audit_entries_total", help: "Entries written to the audit log", registers });
  const auditDropped = new Counter({
    name: "audit_syslog_dropped_total",
    help: "Entries of the audit log that were removed because of their age before they could be sent to the syslog server",
    registers,
  });
  const polls = new Gauge({ name: "active_notification_connections", help: "Open long polls", registers });
  const delivered = makeDelivered(registers);
  addSources(registry, sources);
  return {
    observe: (request) => {
      const api = apiOf(request.route);
      const status = `${Math.trunc(request.status / 100)}xx`;
      seconds.observe({ method: request.method, route: request.route, status, api }, request.seconds);
      bytesIn.inc({ api }, request.bytesIn);
      bytesOut.inc({ api }, request.bytesOut);
    },
    rejected: () => rejected.inc(),
    pollHeld: () => polls.inc(),
    pollReleased: () => polls.dec(),
    newsDelivered: (duration) => delivered.observe(duration),
    policyReported: (directive, from) => policyReports.inc({ directive, from }),
    countersMended: (count) => mended.inc(count),
    audited: (entries) => audited.inc(entries),
    auditDropped: (entries) => auditDropped.inc(entries),
    measureProcess,
    render: async () => {
      // The own figures do not depend on it.
      await measureProcess().catch(() => {});
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

function makeDelivered(registers: Registry[]): library.Histogram {
  return new Histogram({
    name: "sync_latency_seconds",
    help: "Time from a change to the response of a poll that waited for it",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
}

function makeRejected(registers: Registry[]): library.Counter {
  const help = "Requests rejected with 503 because the server was busy; no other metric contains them";
  return new Counter({ name: "http_requests_rejected_total", help, registers });
}

function measuringOnce(registry: Registry): () => Promise<void> {
  let measuring: Promise<void> | undefined;
  const measure = async () => {
    const { collectDefaultMetrics } = await import("prom-client");
    collectDefaultMetrics({ register: registry });
  };
  return () =>
    (measuring ??= measure().catch((error: unknown) => {
      measuring = undefined;
      throw error;
    }));
}

function addSources(registry: Registry, sources: MetricSources): void {
  const { stored, damagedBlocks, backupAgeSeconds, drill, databaseConflicts, databaseReads, queue, waiting, copies } =
    sources;
  const { metadata, suspendedDevices, certificateSeconds, disks, ldap, databaseReadOnly } = sources;
  const readOnly = "1 while a standby answers reads of this process, because a database has no primary";
  addGauge(registry, "database_read_only", readOnly, async () => (databaseReadOnly?.() === true ? 1 : 0));
  if (ldap !== undefined) addLdap(registry, ldap);
  if (stored !== undefined) addStored(registry, stored);
  if (damagedBlocks !== undefined)
    addGauge(registry, "damaged_blocks", "Blocks without a known intact copy; 0 is expected", damagedBlocks);
  if (backupAgeSeconds !== undefined)
    addGauge(registry, "backup_age_seconds", "Seconds since the state in the newest backup", backupAgeSeconds);
  if (drill !== undefined) addDrill(registry, drill);
  if (suspendedDevices !== undefined) {
    const help = "Suspended devices that rewrote or deleted too much; 0 is expected";
    addGauge(registry, "suspended_devices", help, suspendedDevices);
  }
  if (certificateSeconds !== undefined) {
    const help = "Seconds until the server's TLS certificate expires";
    addGauge(registry, "certificate_left_seconds", help, () => Promise.resolve(certificateSeconds()));
  }
  if (databaseConflicts !== undefined) addConflicts(registry, databaseConflicts);
  if (databaseReads !== undefined) addReads(registry, databaseReads);
  if (queue !== undefined) addQueue(registry, queue);
  if (waiting !== undefined) addWaiting(registry, waiting);
  if (disks !== undefined) addDisks(registry, disks);
  if (copies !== undefined) addCopies(registry, copies);
  if (metadata !== undefined) addMetadata(registry, metadata);
}

function addDrill(registry: Registry, read: NonNullable<MetricSources["drill"]>): void {
  const age = "Seconds since the server last completed a restore drill";
  addGauge(registry, "drill_age_seconds", age, async () => (await read())?.age);
  const problems = "Problems that the last restore drill found, or that prevented it; 0 is expected";
  addGauge(registry, "drill_problems", problems, async () => (await read())?.problems);
}

function addLdap(registry: Registry, read: NonNullable<MetricSources["ldap"]>): void {
  const age = "Seconds since accounts were last completely synchronized with the LDAP server";
  addGauge(registry, "ldap_sync_age_seconds", age, async () => (await read())?.age);
  const stopped = "1 while the LDAP synchronization fails, so that people who left are not suspended; 0 is expected";
  addGauge(registry, "ldap_sync_stopped", stopped, async () => (await read())?.stopped);
}

/** Omitted while the value is undefined. */
function addGauge(registry: Registry, name: string, help: string, read: () => Promise<number | undefined>): void {
  const gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect: async () => {
      const figure = await read();
      if (figure === undefined) gauge.remove();
      else gauge.set(figure);
    },
  });
}

function addStored(registry: Registry, read: () => Promise<StoredBytes>): void {
  addGauge(registry, "used_bytes", "Bytes of all file versions", async () => (await read()).used);
  addGauge(registry, "stored_bytes", "Bytes stored for all file versions", async () => (await read()).stored);
  addGauge(registry, "deduplication_ratio", "used_bytes divided by stored_bytes", async () => {
    const { used, stored } = await read();
    return stored === 0 ? undefined : used / stored;
  });
}

function addQueue(registry: Registry, read: () => Promise<readonly QueueFigures[]>): void {
  const add = (name: string, help: string, figure: (figures: QueueFigures) => number) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ["kind"],
      registers: [registry],
      collect: async () => {
        const all = await read();
        gauge.reset();
        for (const figures of all) gauge.set({ kind: figures.kind }, figure(figures));
      },
    });
  };
  add("queue_waiting", "Messages that are overdue", ({ waiting }) => waiting);
  add("queue_dead", "Messages that failed permanently", ({ dead }) => dead);
  add(
    "queue_oldest_age_seconds",
    "Seconds since the oldest overdue message was due",
    ({ oldestSeconds }) => oldestSeconds,
  );
}

function addWaiting(registry: Registry, read: () => Promise<readonly WaitingBlocks[]>): void {
  const add = (figure: "blocks" | "bytes", help: string) => {
    const gauge = new Gauge({
      name: `collection_waiting_${figure}`,
      help,
      labelNames: ["place"],
      registers: [registry],
      collect: async () => {
        for (const waiting of await read()) gauge.set({ place: waiting.place }, waiting[figure]);
      },
    });
  };
  add("blocks", "Unreferenced blocks in spaces and cells that have not been freed yet");
  add("bytes", "Bytes of unreferenced blocks: plain in spaces, stored in cells");
}

function addCopies(registry: Registry, read: () => Promise<readonly CopyFigures[]>): void {
  let reading: Promise<readonly CopyFigures[]> | undefined;
  const add = (name: string, help: string, figure: (figures: CopyFigures) => number) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ["store"],
      registers: [registry],
      collect: async () => {
        reading ??= read().finally(() => (reading = undefined));
        const all = await reading;
        gauge.reset();
        for (const figures of all) gauge.set({ store: figures.store }, figure(figures));
      },
    });
  };
  add("store_up", "1 while the store is available", ({ state }) => (state === "away" ? 0 : 1));
  add("store_lag_objects", "Objects of the other store that this store is missing", ({ lag_objects }) => lag_objects);
  add("store_lag_bytes", "Bytes of the other store that this store is missing", ({ lag_bytes }) => lag_bytes);
}

function addDisks(registry: Registry, read: NonNullable<MetricSources["disks"]>): void {
  const add = (name: string, help: string, figure: (figures: DiskFigures) => number) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ["folder"],
      registers: [registry],
      collect: async () => {
        const all = await read();
        gauge.reset();
        for (const figures of all) gauge.set({ folder: figures.folder }, figure(figures));
      },
    });
  };
  add("disk_free_bytes", "Free bytes on the disk of the folder", ({ freeBytes }) => freeBytes);
  add(
    "disk_reserve_bytes",
    "Bytes that uploads leave free there: below this, uploads are refused",
    (each) => each.reserveBytes,
  );
}

function addMetadata(registry: Registry, read: NonNullable<MetricSources["metadata"]>): void {
  const snapshot = "Seconds since the state in the newest metadata snapshot in the store";
  addGauge(registry, "metadata_snapshot_age_seconds", snapshot, async () => read().snapshotSeconds);
  const journal = "Seconds of changes that may not be in the store at all";
  addGauge(registry, "metadata_journal_age_seconds", journal, async () => read().journalSeconds);
}

function addConflicts(registry: Registry, read: () => number): void {
  const counter = new Counter({
    name: "database_conflicts_total",
    help: "Transactions that the database aborted because of a deadlock or a serialization conflict, and that were retried",
    registers: [registry],
    collect: () => {
      counter.reset();
      counter.inc(read());
    },
  });
}

function addReads(registry: Registry, read: NonNullable<MetricSources["databaseReads"]>): void {
  const counter = new Counter({
    name: "database_reads_total",
    help: "Statements that a replica may run, by shard and server; log_end: queries of the primary for the end of its log",
    labelNames: ["shard", "server"],
    registers: [registry],
    collect: () => {
      counter.reset();
      for (const [shard, counts] of read()) {
        counter.inc({ shard, server: "primary" }, counts.primary);
        counter.inc({ shard, server: "replica" }, counts.replica);
        counter.inc({ shard, server: "log_end" }, counts.logEnd);
      }
    },
  });
}

const waitingRoutes = /\/(?:notifications\/poll|events)$/;
const contentRoutes = /\/(?:files\/upload|upload|download|manifest|manifests|sync|blocks|chunks)(?:\/|$)/;

/** Few groups keep the number of series low. */
function apiOf(route: string): "metadata" | "content" | "operation" | "poll" {
  if (!route.startsWith("/api/v1/")) return "operation";
  // Their duration depends on events, not on the server's speed.
  if (waitingRoutes.test(route)) return "poll";
  return contentRoutes.test(route) ? "content" : "metadata";
}
