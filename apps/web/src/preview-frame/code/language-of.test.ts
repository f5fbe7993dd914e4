import assert from "node:assert/strict";
import { test } from "node:test";
import { makeColours } from "./colours.ts";
import { languageCalled, languageOf } from "./language-of.ts";
import { type LanguageName, languages } from "./languages.ts";

test("a file name determines the language, ignoring case", () => {
  for (const [name, language] of [
    ["main.RS", "rust"],
    ["a.d.ts", "typescript"],
    ["Dockerfile", "dockerfile"],
    ["CMakeLists.txt", "cmake"],
    [".bashrc", "shell"],
    ["page.html", "html"],
    ["picture.svg", "xml"],
    ["README.md", "markdown"],
    ["constructor", undefined],
    ["a.constructor", undefined],
    ["notes.txt", undefined],
  ] as const)
    assert.equal(languageOf(name, ""), language, name);
});

test("the beginning of the text determines the language if the name does not", () => {
  for (const [text, language] of [
    ["#!/usr/bin/env python3\nprint()", "python"],
    ["#!/bin/sh -e\n", "shell"],
    ["#!/usr/bin/env -S node --test\n", undefined],
    ["#!/usr/local/bin/node\n", "javascript"],
    ["\uFEFF<?xml version='1.0'?><a/>", "xml"],
    ["\n<!DOCTYPE html><p>", "html"],
    ['{"a": 1}', "json"],
    ["[1, 2]", "json"],
    ["[a link](b)", undefined],
    ["{ curly words }", undefined],
    ["diff --git a/x b/x\n", "diff"],
    ["Dear all,\n", undefined],
    ["", undefined],
  ] as const)
    assert.equal(languageOf("noname", text), language, text);
  assert.equal(languageOf("words.txt", '{"a": 1}'), undefined, "its name says that it is words");
});

test("a code fence accepts common names of languages", () => {
  for (const [word, language] of [
    ["ts", "typescript"],
    ["Python", "python"],
    ["c++", "cpp"],
    ["toString", undefined],
    ["", undefined],
  ] as const)
    assert.equal(languageCalled(word), language, word);
});

const samples: Readonly<Record<LanguageName, readonly [line: string, piece: string, look: string]>> = {
  javascript: ["const a = 'b'; // c", "'b'", "string"],
  typescript: ["interface A { b: string }", "interface", "keyword"],
  json: ['{"a": true}', "true", "number"],
  css: ["a { color: red }", "a", "name"],
  scss: ["$a: 1px; // b", "// b", "comment"],
  less: ["@a: 1px; // b", "// b", "comment"],
  html: ["<p class='a'>b</p>", "'a'", "string"],
  xml: ["<!-- a --><b/>", "<!-- a -->", "comment"],
  markdown: ["# Heading", "# Heading", "keyword"],
  python: ["def f(): # a", "def", "keyword"],
  ruby: ["def f # a", "# a", "comment"],
  php: ["<?php function f() { # a", "function", "keyword"],
  perl: ["my $a = 'b'; # c", "# c", "comment"],
  lua: ["local a = 'b' -- c", "local", "keyword"],
  shell: ["if true; then # a", "# a", "comment"],
  powershell: ["if ($a) { } # b", "# b", "comment"],
  c: ["int a; // b", "// b", "comment"],
  cpp: ["class A {};", "class", "keyword"],
  csharp: ["using A; // b", "// b", "comment"],
  java: ["public class A {}", "public", "keyword"],
  kotlin: ["fun f() {}", "fun", "keyword"],
  scala: ["def f = 1 // a", "// a", "comment"],
  dart: ["import 'a'; // b", "// b", "comment"],
  groovy: ["def a = 'b' // c", "def", "keyword"],
  swift: ["let a = 1 // b", "let", "keyword"],
  go: ["func f() { // a", "func", "keyword"],
  rust: ["fn f() {} // a", "fn", "keyword"],
  haskell: ["module A where -- b", "module", "keyword"],
  ocaml: ["let a = 1", "let", "keyword"],
  fsharp: ["let a = 1", "let", "keyword"],
  erlang: ["f() -> ok. % a", "% a", "comment"],
  clojure: ["(defn f []) ; a", "; a", "comment"],
  r: ["f <- function(a) a # b", "# b", "comment"],
  julia: ["function f() end # a", "# a", "comment"],
  sql: ["SELECT 'a' -- b", "SELECT", "keyword"],
  yaml: ["a: b # c", "# c", "comment"],
  toml: ["a = 'b' # c", "# c", "comment"],
  properties: ["# a", "# a", "comment"],
  dockerfile: ["FROM a", "FROM", "keyword"],
  nginx: ["server { # a", "# a", "comment"],
  cmake: ["set(A b) # c", "# c", "comment"],
  protobuf: ["message A {} // b", "message", "keyword"],
  tex: ["\\begin{a} % b", "% b", "comment"],
  diff: ["+added", "+added", "added"],
};

for (const [language, [line, piece, look]] of Object.entries(samples)) {
  test(`${language} is highlighted, and keeps every character`, async () => {
    const colours = makeColours(await languages[language as LanguageName].load());
    const before = colours.copy();
    const pieces = colours.colour(line);
    assert.equal(pieces.map(({ text }) => text).join(""), line);
    assert.deepEqual(
      pieces.filter(({ text }) => text.trim() === piece).map((each) => each.look),
      [look],
      JSON.stringify(pieces),
    );
    assert.deepEqual(before.colour(line), pieces, "a copy stands where it was made");
  });
}

test("a construct over several lines is recognized in the next line", async () => {
  const colours = makeColours(await languages.c.load());
  colours.colour("/* a");
  assert.deepEqual(colours.colour("b */"), [{ text: "b */", look: "comment" }]);
});

test("a tokenizer that does not advance is given up", () => {
  const colours = makeColours({ token: () => null, startState: () => ({}) });
  assert.throws(() => colours.colour("a"), /made no progress/);
});
