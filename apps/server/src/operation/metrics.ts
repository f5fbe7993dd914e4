import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** One request that is over. */
export interface ObservedRequest {
  readonly method: string;
  /** The pattern (`/api/v1/files/:id`), never the URL itself: it may hold a secret. `none` if no route fits. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Metrics {
  readonly observe: (request: ObservedRequest) => void;
  readonly pollHeld: () => void;
  readonly pollReleased: () => void;
  /** Prometheus' text format. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Read when somebody asks, so that nothing is counted twice: what the database or a store knows better than this process. */
export interface MetricSources {
  /** Logical bytes of all versions' blocks divided by the bytes stored; undefined where nobody knows yet. */
  readonly deduplicationRatio?: () => Promise<number | undefined>;
  /** Transactions that gave way to another and were tried again. */
  readonly databaseConflicts?: () => number;
  /** Of each kind of message that is there. */
  readonly queue?: () => Promise<readonly QueueFigures[]>;
}

interface QueueFigures {
  readonly kind: string;
  readonly waiting: number;
  readonly dead: number;
  readonly oldestSeconds: number;
}

/** Metrics in units of Prometheus' own: seconds, bytes. p99 of the metadata API is the quantile of the histogram over `api="metadata"`. */
export function openMetrics(sources: MetricSources = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's headers to the last byte of its answer",
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
    help: "Bytes of answers",
    labelNames: ["api"],
    registers,
  });
  const polls = new Gauge({ name: "active_notification_connections", help: "Polls held now", registers });
  if (sources.databaseConflicts !== undefined) addConflicts(registry, sources.databaseConflicts);
  if (sources.deduplicationRatio !== undefined) addRatio(registry, sources.deduplicationRatio);
  if (sources.queue !== undefined) addQueue(registry, sources.queue);
  return {
    observe: (request) => {
      const api = apiOf(request.route);
      const status = `${Math.trunc(request.status / 100)}xx`;
      seconds.observe({ method: request.method, route: request.route, status, api }, request.seconds);
      bytesIn.inc({ api }, request.bytesIn);
      bytesOut.inc({ api }, request.bytesOut);
    },
    pollHeld: () => polls.inc(),
    pollReleased: () => polls.dec(),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function addRatio(registry: Registry, read: () => Promise<number | undefined>): void {
  const gauge = new Gauge({
    name: "deduplication_ratio",
    help: "Bytes that versions refer to, divided by the bytes stored for them",
    registers: [registry],
    collect: async () => {
      const ratio = await read();
      if (ratio === undefined) gauge.remove();
      else gauge.set(ratio);
    },
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
  add("queue_waiting", "Messages that ought to be done by now and are not", ({ waiting }) => waiting);
  add("queue_dead", "Messages that were given up", ({ dead }) => dead);
  add(
    "queue_oldest_age_seconds",
    "Since when the oldest of them ought to be done",
    ({ oldestSeconds }) => oldestSeconds,
  );
}

function addConflicts(registry: Registry, read: () => number): void {
  const counter = new Counter({
    name: "database_conflicts_total",
    help: "Transactions that the database ended for a deadlock or a serialization conflict; they were tried again",
    registers: [registry],
    collect: () => {
      counter.reset();
      counter.inc(read());
    },
  });
}

const waitingRoutes = /\/(?:notifications\/poll|events)$/;
const contentRoutes = /\/(?:files\/upload|upload|download|manifest|manifests|sync|blocks|chunks)(?:\/|$)/;

/** Which of the figures that people watch a route belongs to; few values, so that the series stay few. */
function apiOf(route: string): "metadata" | "content" | "operation" | "poll" {
  if (!route.startsWith("/api/v1/")) return "operation";
  // They take as long as nothing happens, which says nothing of how fast the server is.
  if (waitingRoutes.test(route)) return "poll";
  return contentRoutes.test(route) ? "content" : "metadata";
}
