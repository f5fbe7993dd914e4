import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { firstProblem, issueWords } from "./issue-words.ts";

test("an invalid value is explained in plain words", () => {
  const kinds = z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("file") }),
    z.object({ kind: z.literal("folder") }),
  ]);
  const table: readonly (readonly [schema: z.ZodType, value: unknown, said: string])[] = [
    [z.string().min(8), "short", "must have at least 8 characters"],
    [z.string().min(1), "", "must not be empty"],
    [z.string().length(1), "ab", "must have exactly 1 character"],
    [z.array(z.string()).max(1), ["a", "b"], "must have at most 1 entry"],
    [z.array(z.string()).max(2000), Array.from({ length: 2001 }, () => "a"), "must have at most 2,000 entries"],
    [z.int().max(5), 9, "must be at most 5"],
    [z.number().gt(0), 0, "must be more than 0"],
    [z.int(), 1.5, "must be a whole number"],
    [z.int(), "1", "must be a number"],
    [z.string(), undefined, "is missing"],
    [z.string(), 1, "must be text"],
    [z.boolean(), "yes", "must be true or false"],
    [z.strictObject({}), { a: 1, b: 2 }, "has unknown fields: a, b"],
    [
      z.strictObject({}),
      Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${at}${"x".repeat(99)}`, 1])),
      `has unknown fields: 0${"x".repeat(99)}, 1${"x".repeat(97)}`,
    ],
    [z.enum(["name", "size"]), "colour", "must be one of name, size"],
    [z.literal("file"), "folder", "must be file"],
    [kinds, { kind: "pipe" }, "must be one of file, folder"],
    [z.union([z.string(), z.number()]), true, "is not valid"],
    [z.email(), "ann", "must be an e-mail address"],
    [z.iso.datetime(), "soon", "must be a time such as 2026-01-31T12:00:00Z"],
    [z.record(z.string().regex(/^a$/, "must be a"), z.string()), { b: "" }, "must be a"],
    [z.tuple([z.string()]), 3, "must be a list"],
    [z.union([z.string(), z.number()]), undefined, "is missing"],
    [z.string().min(2, "says it itself"), "a", "says it itself"],
  ];
  for (const [schema, value, said] of table)
    assert.equal(schema.safeParse(value, { error: issueWords }).error?.issues[0]?.message, said);
});

test("the place of an invalid value is named", () => {
  const schema = z.object({ shards: z.array(z.object({ id: z.string() })) });
  const said = (value: unknown, whole?: string): string => {
    const { error } = schema.safeParse(value, { error: issueWords });
    return firstProblem(error ?? assert.fail("it is valid"), whole);
  };
  assert.equal(said({ shards: [{ id: "a" }, {}] }), "shards[1].id is missing");
  assert.equal(said([], "The body"), "The body must be an object with fields");
  assert.equal(said([]), "must be an object with fields");
  const { error } = z.array(z.enum(["api", "worker"])).safeParse(["api", "cook"], { error: issueWords });
  assert.equal(firstProblem(error ?? assert.fail("it is valid")), "entry 2 must be one of api, worker");
});
