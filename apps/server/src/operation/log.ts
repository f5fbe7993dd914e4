import { pino } from "pino";

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
  "invite",
  "totp",
  "secret",
  "authorization",
  "cookie",
  "grant",
  "database_url",
  "databaseUrl",
  "redis_url",
  "redisUrl",
];

/** One JSON document a line, on stderr unless told otherwise; stdout belongs to what the command promises there. */
export function openLog(level: LogLevel, destination: { write(line: string): void } = process.stderr): Log {
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
