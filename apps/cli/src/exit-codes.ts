/** For the man page and docs/command.md. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: "done",
  1: "failed, or done except for the listed items",
  2: "wrong usage",
  3: "not signed in, or not allowed",
  4: "not found",
  5: "conflict: name taken, wrong kind of item, or something changed in the meantime; `get` kept files that changed here",
  6: "over quota, even if everything else was done",
  7: "the server cannot be reached",
  130: "interrupted with Ctrl-C",
  143: "ended by SIGTERM, which `serve` and `sync` treat as Ctrl-C",
};
