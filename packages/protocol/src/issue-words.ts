import type { z } from "zod";

type Issue = z.core.$ZodRawIssue;

/**
 * What is wrong with a value, for the person who gave it: "must have at least 8 characters". It is the `error` of a parse; a message that
 * stands in the schema goes before it.
 * @returns undefined for what is said in zod's own words
 */
export function issueWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type": {
      return issue.input === undefined ? "is missing" : `must be ${types[issue.expected] ?? issue.expected}`;
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
      return formats[issue.format] ?? (issue.format === "regex" ? `must match ${issue.pattern}` : undefined);
    }
    case "invalid_union": {
      return Array.isArray(issue.options) ? oneOf(issue.options) : "is not valid";
    }
    case "unrecognized_keys": {
      return `has fields that are not known here: ${issue.keys.join(", ")}`;
    }
    default: {
      return undefined;
    }
  }
}

const types: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object with fields",
  record: "an object with fields",
  null: "null",
};

const formats: Readonly<Record<string, string>> = {
  email: "must be an e-mail address",
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
