import { fstatSync, writeSync } from "node:fs";
import { pino } from "pino";
import { readableLine } from "./readable-log.ts";

/** Fields first, then a message. Callers pass no secrets. `secretPaths` is the safety net. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const logLevels = ["error", "warn", "info", "debug", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Masked in every log line, at the top or one level down. */
const secretNames = [
  "password",
  "token",
  "access_token",
  "refresh_token",
  "device_secret",
  "invite",
  "totp",
  "secret",
  "authorization",
  "cookie",
  "grant",
  "database_url",
  "databaseUrl",
  "smtp_url",
  "redis_url",
  "redisUrl",
];

/** Receives whole lines. */
export interface LogDestination {
  write(line: string): void;
}

/**
 * Stdout belongs to the command's output, so the default is stderr. Writes a JSON document per line, or readable lines
 * on a terminal.
 */
export function openLog(level: LogLevel, destination: LogDestination = openStderr(level)): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "message",
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
    },
    destination,
  );
}

/** Written synchronously, because the last lines before an exit matter most. */
function forPerson(stderr: NodeJS.WriteStream, level: LogLevel): LogDestination {
  return {
    write: (line) => {
      // A terminal without a known size reports 0.
      const columns = stderr.columns || Infinity;
      const shown = readableLine(line, { columns, colours: stderr.hasColors(), all: level === "debug" });
      if (shown !== undefined) stderr.write(shown);
    },
  };
}

/**
 * A full disk or a closed reader only loses lines. Node's own file stream ends at its first failed write, so files are
 * written directly.
 */
function openStderr(level: LogLevel): LogDestination {
  process.stderr.on("error", () => {});
  if (process.stderr.isTTY) return forPerson(process.stderr, level);
  if (!fstatSync(2).isFile()) return process.stderr;
  return {
    write: (line) => {
      try {
        writeSync(2, line);
      } catch {
        // No other place to report it.
      }
    },
  };
}
