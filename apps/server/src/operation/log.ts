import { fstatSync, writeSync } from "node:fs";
import { pino } from "pino";
import { readableLine } from "./readable-log.ts";

/** Structured log lines: fields first, then what happened in words. Never given a secret on purpose; `secretPaths` is the net below. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const logLevels = ["error", "warn", "info", "debug", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Members that are blanked wherever a log line has them, at the top or one level down. */
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

/** Takes whole lines. */
export interface LogDestination {
  write(line: string): void;
}

/**
 * On stderr unless told otherwise; stdout belongs to what the command promises there. One JSON document a line, and on a terminal
 * lines for a person.
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

/** Written at once, in this process: the last lines of one that ends are those that matter. */
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
 * The disk below the log may be full, and who reads it may go away: then lines are lost, and the server is not. Node's own
 * stream to a file ends with the first write that fails, so a file is written without it and has the later lines.
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
        // There is no other place to say so.
      }
    },
  };
}
