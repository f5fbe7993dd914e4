import { randomBytes } from "node:crypto";
import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { toProblem } from "./problem.ts";
import { securityHeaders } from "./security-headers.ts";

/** Answers bytes that are not valid HTTP directly on the socket, in the format of other errors. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, secure: boolean): void {
  // Node's own handler reads this, too: bytes within a response would be taken for its content.
  const { _httpMessage: running } = socket as Socket & { _httpMessage?: ServerResponse };
  if (error.code === "ECONNRESET" || !socket.writable || running?.headersSent === true) {
    socket.destroy();
    return;
  }
  const requestId = randomBytes(9).toString("base64url");
  const { status, headers, body } = toProblem(toError(error), requestId);
  const bytes = JSON.stringify(body);
  const lines = Object.entries({
    ...securityHeaders(secure),
    ...headers,
    "x-request-id": requestId,
    "content-length": String(Buffer.byteLength(bytes)),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${bytes}`, () =>
    socket.destroy(),
  );
}

function toError(cause: Error & { code?: string }): HoldfastError {
  switch (cause.code) {
    case "HPE_HEADER_OVERFLOW":
      return new HoldfastError("header_too_large", "The headers are larger than 16 KiB.", { cause });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new HoldfastError("request_timeout", "The request's headers did not arrive in time.", { cause });
    case undefined:
    default:
      return new HoldfastError("bad_request", "This is not a valid HTTP request.", { cause });
  }
}
