/**
 * Without the first four, a crash may lose acknowledged data. The log must not contain statements or values, such as
 * names and paths.
 */
const embeddedSettings: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  wal_level: "replica",

  max_connections: "60",
  shared_buffers: "64MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  effective_cache_size: "512MB",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  random_page_cost: "1.1",
  // The default uses three more processes, for reads that the working set seldom needs.
  io_method: "sync",
  huge_pages: "off",
  // Releases a killed client's locks, also on a dead network.
  tcp_keepalives_idle: "30",

  timezone: "UTC",
  log_timezone: "UTC",
  log_destination: "stderr",
  logging_collector: "off",
  log_line_prefix: "",
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_statement: "none",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  log_checkpoints: "off",
  log_connections: "",
};

/** Omits settings that an earlier major version does not support. */
export function settingsOf(major: string): Readonly<Record<string, string>> {
  if (Number(major) >= 18) return embeddedSettings;
  const { io_method: _since18, ...settings } = embeddedSettings;
  return { ...settings, log_connections: "off" };
}
