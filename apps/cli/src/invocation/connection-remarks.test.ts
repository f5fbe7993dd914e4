import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ConnectionRemarks } from "./connection-remarks.ts";
import { Output } from "../output/output.ts";

test("a command reports once on a terminal that it waits, and not elsewhere", async () => {
  const said = (isTerminal: boolean): Promise<string> => {
    const stderr = Object.assign(new PassThrough(), { isTTY: isTerminal });
    const { onSlow } = new ConnectionRemarks(new Output({ json: true }, new PassThrough(), stderr), isTerminal);
    onSlow("drive.example");
    onSlow("drive.example");
    stderr.end();
    return text(stderr);
  };
  assert.equal(await said(false), "");
  assert.equal(await said(true), "\r\u001b[Kholdfast: waiting for the server drive.example …\n");
});
