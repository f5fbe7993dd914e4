import { styleText } from "node:util";
import { printable } from "@holdfast/core/printable";

export interface LogScreen {
  /** Characters per terminal line. */
  readonly columns: number;
  readonly colours: boolean;
  /** Shows every line, every field and whole stacks. */
  readonly all: boolean;
}

/** A home user does not need these lines. Without them, the frame with the set-up link stays last. */
const chatter: ReadonlySet<string> = new Set([
  "request",
  "end of the audit log",
  "moving the database to its own system user",
  "the database schema was migrated to this version",
  "a new data key was created",
  "the web app is built",
]);

const levels: Readonly<Record<string, { word: string; colour: Style }>> = {
  debug: { word: "debug", colour: "dim" },
  warn: { word: "warning", colour: "yellow" },
  error: { word: "error", colour: "red" },
};

type Style = "dim" | "yellow" | "red" | "plain";
type Word = readonly [text: string, style: Style];

/**
 * Local time, message, fields. Control characters are escaped.
 * @param line JSON document from the log
 * @returns whole lines, or undefined for chatter
 */
export function readableLine(line: string, screen: LogScreen): string | undefined {
  const { level, time, message, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const said = asText(message);
  if (!screen.all && level === "info" && chatter.has(said)) return undefined;
  const { word, colour } = levels[asText(level)] ?? { word: undefined, colour: "plain" as const };
  const entries = Object.entries(fields);
  const [reasons, others] = [entries.filter(isReason), entries.filter((entry) => !isReason(entry))];
  const words: Word[] = [
    ...(word === undefined ? [] : [[`${word}:`, colour] as const]),
    ...split(reasons.length > 0 && /\w$/.test(said) ? `${said}:` : said, colour === "dim" ? "dim" : "plain"),
    ...[...reasons, ...others].flatMap(([name, value]) => fieldWords(name, value, screen.all)),
  ];
  return `${layOut([[clock(asText(time)), "dim"], ...words], screen).join("\n")}\n`;
}

/** Error texts continue the sentence. */
function isReason([name, value]: readonly [string, unknown]): boolean {
  return name === "database" || name === "reason" || (name === "error" && Array.isArray(value));
}

/** Continued lines start below the message. */
const indent = " ".repeat("00:00:00 ".length);
/** Maximum length of a field, unless all is shown. */
const fieldCharactersMax = 160;

/** @returns local time like 21:03:05 */
function clock(time: string): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

function fieldWords(name: string, value: unknown, all: boolean): Word[] {
  if (name === "database" || name === "reason") return split(shortened(asText(value), all), "plain");
  if (name === "error" && Array.isArray(value)) return value.flatMap((cause) => causeWords(asText(cause), all));
  const text = !all && Array.isArray(value) ? String(value.length) : asText(value);
  return split(shortened(`${name}=${text}`, all), "dim");
}

/** Only the message line. Code positions are for developers. */
function causeWords(stack: string, all: boolean): Word[] {
  const said = all ? stack.replaceAll(/\s+/g, " ") : (stack.split("\n", 1)[0] ?? "");
  return split(shortened(said, all), "plain");
}

function shortened(text: string, all: boolean): string {
  if (all || text.length <= fieldCharactersMax) return text;
  // Half a surrogate pair would show as an escape.
  return `${text.slice(0, fieldCharactersMax).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function split(text: string, style: Style): Word[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => [printable(word), style]);
}

/** Breaks between words only, so that a long path or address can be copied. */
function layOut(words: readonly Word[], { columns, colours }: LogScreen): string[] {
  const lines: string[] = [];
  let line = "";
  let width = 0;
  for (const [text, style] of words) {
    const shown = !colours || style === "plain" ? text : styleText(style, text, { validateStream: false });
    const isFull = width > indent.length && width + 1 + text.length > columns;
    if (isFull) lines.push(line);
    if (isFull || width === 0) {
      const before = isFull ? indent : "";
      line = before + shown;
      width = before.length + text.length;
    } else {
      line += ` ${shown}`;
      width += 1 + text.length;
    }
  }
  return [...lines, line];
}
