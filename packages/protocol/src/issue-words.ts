import type { z } from "zod";

type Issue = z.core.$ZodRawIssue;

/** Limits for unknown names in messages, because a body may contain megabytes of them. */
const keysShown = 5;
const keysCharactersMax = 200;

/**
 * Returns a message for the person who sent an invalid value: "must have at least 8 characters". Used as the `error` of
 * a parse; messages in the schema take precedence.
 * @returns undefined to use zod's own message
 */
export function issueWords(issue: Issue): string | undefined {
  if (issue.input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type": {
      return `must be ${types[issue.expected] ?? issue.expected}`;
    }
    case "too_small": {
      if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
      return bound(issue, issue.minimum, ["at least", "more than"]);
    }
    case "too_big": {
      return bound(issue, issue.maximum, ["at most", "less than"]);
    }
    case "invalid_value": {
      return oneOf(issue.values);
    }
    case "invalid_format": {
      return formats[issue.format];
    }
    case "invalid_union": {
      return Array.isArray(issue.options) ? oneOf(issue.options) : "is not valid";
    }
    case "invalid_key": {
      return issue.issues[0]?.message;
    }
    case "unrecognized_keys": {
      return `has unknown fields: ${issue.keys.slice(0, keysShown).join(", ").slice(0, keysCharactersMax)}`;
    }
    default: {
      return undefined;
    }
  }
}

const types: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object with fields",
  record: "an object with fields",
  null: "null",
};

const formats: Readonly<Record<string, string>> = {
  email: "must be an e-mail address",
  base64: "must be base64",
  url: "must be an address such as https://drive.example.org",
  datetime: "must be a time such as 2026-01-31T12:00:00Z",
};

const counted: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ["character", "characters"],
  array: ["entry", "entries"],
  set: ["entry", "entries"],
  map: ["entry", "entries"],
};

function oneOf(values: readonly unknown[]): string {
  return `must be ${values.length === 1 ? "" : "one of "}${values.map(String).join(", ")}`;
}

interface Bound {
  readonly origin: string;
  readonly inclusive?: boolean | undefined;
  readonly exact?: boolean | undefined;
}

function bound({ origin, inclusive, exact }: Bound, limit: number | bigint, words: readonly [string, string]): string {
  const [orEqual, beyond] = words;
  const atBound = inclusive === false ? beyond : orEqual;
  const how = exact === true ? "exactly" : atBound;
  const units = counted[origin];
  const amount = `${how} ${limit.toLocaleString("en")}`;
  return units === undefined ? `must be ${amount}` : `must have ${amount} ${units[Number(limit) === 1 ? 0 : 1]}`;
}

/** Returns the first problem with its position: "shards[0].id is missing". @param whole name of the whole value */
export function firstProblem({ issues: [issue] }: Pick<z.ZodError, "issues">, whole = ""): string {
  const [first, ...rest] = issue?.path ?? [];
  const entry = typeof first === "number" ? [`entry ${first + 1}`, ...rest] : undefined;
  const subject = fieldName(entry ?? issue?.path ?? []) || whole;
  const message = issue?.message ?? "is not valid";
  return subject === "" ? message : `${subject} ${message}`;
}

/** Returns the name in the request: `operations[3].name`. */
export function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else name += name === "" ? String(part) : `.${String(part)}`;
  }
  return name.slice(0, 200);
}
