import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { ConnectionRemarks } from "./connection-remarks.ts";
import { Output } from "./output.ts";

test("a command says once on a terminal that it waits, and nowhere else", () => {
  const said = (isTerminal: boolean): unknown => {
    const stderr = Object.assign(new PassThrough(), { isTTY: isTerminal });
    const { onSlow } = new ConnectionRemarks(new Output({ json: true }, new PassThrough(), stderr), isTerminal);
    onSlow("drive.example");
    onSlow("drive.example");
    return (stderr.read() as Buffer | null)?.toString();
  };
  assert.equal(said(false), undefined);
  assert.match(String(said(true)), /^\S*holdfast: waiting for the server drive\.example …\n$/);
});
