import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";

const int8 = 20;
const numeric = 1700;
const int8Array = 1016;

/** int8, and numeric (the type of `sum` of int8), are numbers. Values above 2^53 are errors. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    if (format !== "binary" && (oid === int8 || oid === numeric)) return parseWholeNumber;
    if (format !== "binary" && oid === int8Array) return parseWholeNumbers;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

function parseWholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new HoldfastError("internal", `The database returned ${text} instead of a whole number below 2^53.`);
}

function parseWholeNumbers(text: string): (number | null)[] {
  if (text === "{}") return [];
  return text
    .slice(1, -1)
    .split(",")
    .map((item) => (item === "NULL" ? null : parseWholeNumber(item)));
}
