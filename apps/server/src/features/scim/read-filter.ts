import { limits } from "@holdfast/core/limits";
import { refusal } from "./scim-refusal.ts";

export interface Filter<Attribute extends string = string> {
  readonly attribute: Attribute;
  readonly value: string;
}

const comparison = /^([A-Za-z][\w$:.-]*(?:\[[^[\]"]*(?:"[^"\\]*"[^[\]"]*)?\](?:\.[A-Za-z]+)?)?) +([A-Za-z]+) +(.+)$/su;
const schemaName = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;

/**
 * Supports the filter that identity systems use before they create something: one attribute that equals a text (RFC
 * 7644, 3.4.2.2). Rejects others, because a wrong result would cause duplicate accounts.
 * @throws HoldfastError with invalidFilter
 */
export function readFilter<Attribute extends string>(
  text: string,
  attributes: readonly Attribute[],
): Filter<Attribute> {
  if (text.length > limits.scimFilterLengthMax) {
    throw refusal("invalidFilter", `A filter can have at most ${limits.scimFilterLengthMax} characters.`);
  }
  const [, path = "", operator = "", literal = ""] = comparison.exec(text.trim()) ?? [];
  if (operator.toLowerCase() !== "eq") throw notTaken(attributes);
  const name = plainName(path.toLowerCase().replace(schemaName, ""));
  const attribute = attributes.find((each) => each.toLowerCase() === name);
  if (attribute === undefined) throw notTaken(attributes);
  return { attribute, value: readText(literal, attributes) };
}

/** An account has one address, so its type is ignored. */
function plainName(path: string): string {
  return /^emails(?:\[type eq "[a-z]{1,20}"\])?(?:\.value)?$/.test(path) ? "emails.value" : path;
}

// oxlint-disable-next-line no-control-regex -- they are no part of a text in JSON
const quoted = /^"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"$/su;

function readText(literal: string, attributes: readonly string[]): string {
  if (!quoted.test(literal)) throw notTaken(attributes);
  return JSON.parse(literal) as string;
}

function notTaken(attributes: readonly string[]) {
  return refusal("invalidFilter", `A filter must be ATTRIBUTE eq "TEXT", with one of ${attributes.join(", ")}.`);
}
