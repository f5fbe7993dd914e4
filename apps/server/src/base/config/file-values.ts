import { readFileSync, statSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "@holdfast/disk/disk-error";
import { optionSchemas } from "./options.ts";

/** Secrets that are not options. */
const secrets = [
  "HOLDFAST_KEY_ENCRYPTION_KEY",
  "HOLDFAST_NEW_KEY_ENCRYPTION_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
];

const suffix = "_FILE";

/** Variables such as `HOLDFAST_DATABASE_URL_FILE`, as in the images of databases: the path of a file with the value. */
export function fileVariables(): string[] {
  const options = Object.keys(optionSchemas).map((name) => `HOLDFAST_${name.toUpperCase()}`);
  return [...options, ...secrets].map((name) => `${name}${suffix}`);
}

const bytesMax = 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Replaces variables that name files by the contents, without a byte order mark and a line break at the end.
 * @throws HoldfastError usage for a file that is missing, irregular, empty or too large, or beside the variable itself
 */
export function withFileValues(environment: Environment): Environment {
  const given = fileVariables().filter((name) => (environment[name] ?? "") !== "");
  if (given.length === 0) return environment;
  const values: Record<string, string | undefined> = { ...environment };
  for (const name of given) {
    const variable = name.slice(0, -suffix.length);
    if ((environment[variable] ?? "") !== "") throw usage(`${variable} and ${name} are both set. Set one of them.`);
    values[variable] = readValue(name, environment[name] ?? "");
    values[name] = undefined;
  }
  return values;
}

function readValue(name: string, path: string): string {
  try {
    const stat = statSync(path);
    // A FIFO or device may never end, and the file is read again later.
    if (!stat.isFile()) throw usage(`${name}: ${path} is not a regular file.`);
    if (stat.size > bytesMax) throw usage(`${name}: ${path} has more than ${bytesMax} bytes.`);
    const value = readFileSync(path, "utf8").replaceAll(/^\uFEFF|\r?\n$/g, "");
    // Otherwise the server would start without this setting, and without a key it would create one.
    if (value === "") throw usage(`${name}: ${path} is empty.`);
    return value;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const why = errnoOf(error) === "ENOENT" ? "does not exist" : `cannot be read: ${(error as Error).message}`;
    throw usage(`${name}: ${path} ${why}.`);
  }
}

function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
