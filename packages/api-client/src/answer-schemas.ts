import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { type AnswerReader, readByIds, strangeAnswer } from "./answer.ts";

/** Limit of a checked response. Checking larger ones would cost more than parsing them. */
const checkedBytesMax = 64 * 1024;

/** Checks every member, for programs that may use any server. */
export const readBySchemas: AnswerReader = (name, answer, text) => {
  const route: Route = routes[name];
  const schema = route.responses[answer.status];
  if (schema === "empty") return undefined;
  if (schema === undefined || schema === "bytes") throw strangeAnswer(name);
  const value = readByIds(name, answer, text);
  if (text.length > checkedBytesMax) return value;
  const checked = schema.safeParse(value);
  if (!checked.success) throw strangeAnswer(name, checked.error);
  return checked.data;
};
