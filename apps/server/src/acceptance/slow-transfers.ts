import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { RunningServer } from "./testing.ts";

export async function startDownload({ port }: RunningServer, token: string, id: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`GET /api/v1/files/${id}/download HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
  const [first] = (await once(socket, "data")) as [Buffer];
  assert.match(first.toString("latin1"), /^HTTP\/1\.1 200 /);
  socket.pause();
  return socket;
}

export const sentBytes = 5_000_000;

/** Sends the head, which declares the full content, and its first bytes, then stops. */
export async function startUpload(
  { port }: RunningServer,
  token: string,
  methodAndPath: string,
  content: Buffer,
): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `${methodAndPath} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n` +
      `content-range: bytes 0-${content.length - 1}/${content.length}\r\ncontent-length: ${content.length}\r\n\r\n`,
  );
  await new Promise<void>((resolve) => socket.write(content.subarray(0, sentBytes), () => resolve()));
  return socket;
}
