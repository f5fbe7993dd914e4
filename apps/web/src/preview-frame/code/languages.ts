import type { StreamParser } from "@codemirror/streamparser";

type Load = () => Promise<StreamParser<unknown>>;

interface Language {
  /** File endings without the dot. */
  readonly endings: string;
  /** File names in lower case. */
  readonly names?: string;
  /** Programs in a `#!` line. */
  readonly programs?: RegExp;
  readonly load: Load;
}

const clike = () => import("@codemirror/legacy-modes/mode/clike");
const css = () => import("@codemirror/legacy-modes/mode/css");
const javascript = () => import("@codemirror/legacy-modes/mode/javascript");
const mllike = () => import("@codemirror/legacy-modes/mode/mllike");
const xml = () => import("@codemirror/legacy-modes/mode/xml");

/** Loaded on first use. */
export const languages = {
  javascript: {
    endings: "js mjs cjs jsx",
    programs: /^(node|deno|bun)$/,
    load: async () => (await javascript()).javascript,
  },
  typescript: { endings: "ts mts cts tsx", load: async () => (await javascript()).typescript },
  json: {
    endings: "json json5 jsonc jsonl ndjson geojson webmanifest map ipynb",
    names: ".babelrc .eslintrc .prettierrc .swcrc",
    load: async () => (await javascript()).json,
  },
  css: { endings: "css", load: async () => (await css()).css },
  scss: { endings: "scss", load: async () => (await css()).sCSS },
  less: { endings: "less", load: async () => (await css()).less },
  html: { endings: "html htm xhtml vue svelte", load: async () => (await xml()).html },
  xml: { endings: "xml svg xsl xslt xsd rss atom plist gpx kml wsdl", load: async () => (await xml()).xml },
  markdown: { endings: "md markdown", load: async () => (await import("./markdown-source.ts")).markdownSource },
  python: {
    endings: "py pyw pyi",
    programs: /^(python[\d.]*|uv)$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/python")).python,
  },
  ruby: {
    endings: "rb gemspec rake",
    names: "gemfile rakefile",
    programs: /^ruby$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/ruby")).ruby,
  },
  php: { endings: "php phtml", programs: /^php$/, load: async () => (await import("./php-source.ts")).phpSource },
  perl: {
    endings: "pl pm",
    programs: /^perl$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/perl")).perl,
  },
  lua: {
    endings: "lua",
    programs: /^lua$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/lua")).lua,
  },
  shell: {
    endings: "sh bash zsh ksh fish env",
    names: ".bashrc .profile .zshrc .bash_profile .env pkgbuild",
    programs: /^(ba|z|k|da|fi)?sh$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/shell")).shell,
  },
  powershell: {
    endings: "ps1 psm1 psd1",
    load: async () => (await import("@codemirror/legacy-modes/mode/powershell")).powerShell,
  },
  c: { endings: "c h", load: async () => (await clike()).c },
  cpp: { endings: "cc cpp cxx hpp hh ino", load: async () => (await clike()).cpp },
  csharp: { endings: "cs", load: async () => (await clike()).csharp },
  java: { endings: "java", load: async () => (await clike()).java },
  kotlin: { endings: "kt kts", load: async () => (await clike()).kotlin },
  scala: { endings: "scala sc", load: async () => (await clike()).scala },
  dart: { endings: "dart", load: async () => (await clike()).dart },
  groovy: {
    endings: "groovy gradle",
    names: "jenkinsfile",
    load: async () => (await import("@codemirror/legacy-modes/mode/groovy")).groovy,
  },
  swift: { endings: "swift", load: async () => (await import("@codemirror/legacy-modes/mode/swift")).swift },
  go: { endings: "go", load: async () => (await import("@codemirror/legacy-modes/mode/go")).go },
  rust: { endings: "rs", load: async () => (await import("@codemirror/legacy-modes/mode/rust")).rust },
  haskell: { endings: "hs", load: async () => (await import("@codemirror/legacy-modes/mode/haskell")).haskell },
  ocaml: { endings: "ml mli", load: async () => (await mllike()).oCaml },
  fsharp: { endings: "fs fsx", load: async () => (await mllike()).fSharp },
  erlang: { endings: "erl hrl", load: async () => (await import("@codemirror/legacy-modes/mode/erlang")).erlang },
  clojure: {
    endings: "clj cljs cljc edn",
    load: async () => (await import("@codemirror/legacy-modes/mode/clojure")).clojure,
  },
  r: {
    endings: "r",
    programs: /^Rscript$/,
    load: async () => (await import("@codemirror/legacy-modes/mode/r")).r,
  },
  julia: { endings: "jl", load: async () => (await import("@codemirror/legacy-modes/mode/julia")).julia },
  sql: { endings: "sql", load: async () => (await import("@codemirror/legacy-modes/mode/sql")).pgSQL },
  yaml: {
    endings: "yaml yml",
    names: ".clang-format",
    load: async () => (await import("@codemirror/legacy-modes/mode/yaml")).yaml,
  },
  toml: {
    endings: "toml",
    names: "cargo.lock poetry.lock",
    load: async () => (await import("@codemirror/legacy-modes/mode/toml")).toml,
  },
  properties: {
    endings: "ini conf cfg properties desktop service",
    names: ".editorconfig .gitconfig .npmrc",
    load: async () => (await import("@codemirror/legacy-modes/mode/properties")).properties,
  },
  dockerfile: {
    endings: "dockerfile",
    names: "dockerfile containerfile",
    load: async () => (await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile,
  },
  nginx: { endings: "nginx", load: async () => (await import("@codemirror/legacy-modes/mode/nginx")).nginx },
  cmake: {
    endings: "cmake",
    names: "cmakelists.txt",
    load: async () => (await import("@codemirror/legacy-modes/mode/cmake")).cmake,
  },
  protobuf: { endings: "proto", load: async () => (await import("@codemirror/legacy-modes/mode/protobuf")).protobuf },
  tex: { endings: "tex sty bib", load: async () => (await import("@codemirror/legacy-modes/mode/stex")).stex },
  diff: { endings: "diff patch", load: async () => (await import("@codemirror/legacy-modes/mode/diff")).diff },
} as const satisfies Record<string, Language>;

export type LanguageName = keyof typeof languages;
