import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { type AnswerReader, readByIds, strangeAnswer } from "./answer.ts";

/** Answers up to here are checked against their schema; the lists of a large batch would cost more than their parse. */
const checkedBytesMax = 64 * 1024;

/** Looks at every member of an answer: for a program that may have met any server. */
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
