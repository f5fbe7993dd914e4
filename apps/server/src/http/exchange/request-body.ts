import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { OwnSlices } from "../../blocks/freed-bytes.ts";

/**
 * Checks whether the body may be sent: every `checkMs` while it is on its way, and once it is whole, before its reader hears of the end. What it
 * throws ends the body.
 */
type BodyCheck = (isWhole: boolean) => Promise<void>;

/**
 * The body of a request, as fast as the handler reads it and no faster. It stands between the handler and Node's own
 * stream because destroying that one would cut the connection, and with it the answer that says what went wrong.
 *
 * A client that sends nothing for `idleTimeoutMs` while somebody waits for its bytes ends it with `request_timeout`, and so does one
 * that sends less than the least rate; there is no limit to how long a body may take in all. So it is checked on its way: without
 * that a caller that was revoked could go on sending for days.
 */
export class RequestBody extends Readable implements OwnSlices {
  readonly ownSlices = true;
  readonly #request: IncomingMessage;
  readonly #idleTimeoutMs: number;
  readonly #check: BodyCheck;
  #checkClock: NodeJS.Timeout | undefined;
  #clock: NodeJS.Timeout | undefined;
  #rateClock: NodeJS.Timeout | undefined;
  #windowBytes = 0;
  #receivedBytes = 0;
  #attached = false;

  constructor(request: IncomingMessage, idleTimeoutMs: number, check: BodyCheck = async () => {}) {
    // Object mode, so that slices are handed on as they came: a stream of bytes would join those that wait into new buffers.
    super({ objectMode: true, highWaterMark: slicesWaitingMax });
    this.#request = request;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#check = check;
    // A handler that stopped reading hears of the end by its signal; it must not bring the process down.
    this.on("error", () => {});
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  override _read(): void {
    if (!this.#attached) this.#attach();
    this.#startClock();
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stopClock();
    clearTimeout(this.#checkClock);
    if (this.#attached) {
      this.#request.off("data", this.#take).off("end", this.#finish).off("close", this.#break);
      this.#request.pause();
    }
    done(error);
  }

  #attach(): void {
    this.#attached = true;
    this.#request.on("data", this.#take).on("end", this.#finish).on("close", this.#break);
    this.#request.on("error", () => {});
    if (this.#request.readableEnded) this.#finish();
    else if (this.#request.destroyed) this.#break();
    else this.#checkClock = setTimeout(() => void this.#checkOnTheWay(), checkMs);
  }

  /** Also while nothing arrives, and while the handler does not read. */
  async #checkOnTheWay(): Promise<void> {
    try {
      await this.#check(false);
    } catch (error) {
      // A database that does not answer says nothing about the caller. The next check asks it again, and so does the last one.
      if (error instanceof HoldfastError && error.code !== "unavailable") this.destroy(error);
    }
    if (!this.destroyed && !this.#request.readableEnded) this.#checkClock?.refresh();
  }

  #startClock(): void {
    // The request may have been over, or cut off, before it was attached: nobody would stop a clock that begins now.
    if (this.#clock !== undefined || this.destroyed || this.#request.readableEnded) return;
    this.#clock = setTimeout(() => this.destroy(stalled(this.#idleTimeoutMs)), this.#idleTimeoutMs);
    this.#windowBytes = 0;
    this.#rateClock = setTimeout(() => this.#look(), limits.bodyRateWindowMs);
  }

  #look(): void {
    if (this.#windowBytes < limits.bodyRateBytesMin) {
      this.destroy(tooSlow());
      return;
    }
    this.#windowBytes = 0;
    this.#rateClock?.refresh();
  }

  #stopClock(): void {
    clearTimeout(this.#clock);
    clearTimeout(this.#rateClock);
    this.#clock = undefined;
    this.#rateClock = undefined;
  }

  readonly #take = (bytes: Buffer): void => {
    this.#receivedBytes += bytes.length;
    this.#windowBytes += bytes.length;
    this.#clock?.refresh();
    if (this.push(bytes)) return;
    this.#request.pause();
    // Now the handler is the slow one, which is no fault of the client's; `_read` starts the clock again.
    this.#stopClock();
  };

  readonly #finish = (): void => {
    this.#stopClock();
    clearTimeout(this.#checkClock);
    void this.#check(true).then(
      () => this.push(null),
      (error: unknown) => this.destroy(error as Error),
    );
  };

  readonly #break = (): void => {
    if (this.#request.readableEnded) return;
    this.destroy(brokenOff("bad_request", "The connection ended in the middle of the body."));
  };
}

/** As long as a running answer goes on after its caller was revoked. A short body is over before. */
const checkMs = 2000;

/** Node's parser gives slices of up to 64 KiB. */
const slicesWaitingMax = 4;

function stalled(idleTimeoutMs: number): HoldfastError {
  return brokenOff("request_timeout", `No data of the body arrived for ${idleTimeoutMs / 1000} seconds.`);
}

function tooSlow(): HoldfastError {
  const { bodyRateBytesMin, bodyRateWindowMs } = limits;
  const message = `Less than ${bodyRateBytesMin} bytes of the body arrived in ${bodyRateWindowMs / 1000} seconds.`;
  return brokenOff("request_timeout", message);
}

const breaks = new WeakSet<HoldfastError>();

function brokenOff(code: "bad_request" | "request_timeout", message: string): HoldfastError {
  const error = new HoldfastError(code, message);
  breaks.add(error);
  return error;
}

/** The body ended too soon: what came before that is as it was sent. */
export function isBrokenOff(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && breaks.has(thrown);
}

/** What is read and thrown away of a body after its answer was sent, so that the answer is not lost to a reset. */
const drainBytesMax = 64 * 1024 * 1024;
const drainTimeoutMs = 10_000;

/**
 * After an answer that came before the end of the body: closing now would reset the connection and the client, still
 * sending, might never see the answer. So the rest is read and dropped, up to a bound, and then the connection is cut.
 */
export function drainAfterAnswer(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let dropped = 0;
  const cut = setTimeout(() => request.socket.destroy(), drainTimeoutMs);
  cut.unref();
  request.on("data", (bytes: Buffer) => {
    dropped += bytes.length;
    if (dropped > drainBytesMax) request.socket.destroy();
  });
  request.once("close", () => clearTimeout(cut));
  request.once("end", () => clearTimeout(cut));
  request.on("error", () => {});
  request.resume();
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Before a refusal after which nothing more of the caller is wanted: the answer says that the connection ends, and this side of it ends with the
 * answer. Node would end both sides then, and reset the connection of a client that is still sending.
 */
export function closeAfterAnswer(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || request.destroyed || !hasBody(request)) return;
  const { socket } = request;
  closing.add(socket);
  response.shouldKeepAlive = false;
  socket.destroySoon = () => void socket.end();
  const cut = setTimeout(() => socket.destroy(), drainTimeoutMs);
  cut.unref();
  socket.once("close", () => clearTimeout(cut));
}

const closing = new WeakSet<Socket>();

/** It came behind a body after whose refusal the connection ends: nobody would be told what comes of it, so nothing may. */
export function isAfterLast({ socket }: IncomingMessage): boolean {
  return closing.has(socket);
}

const noRawHeaders: string[] = [];
const noHeaders = {};

/** Of a request that waits for long. */
export function forgetHead(request: IncomingMessage): void {
  request.rawHeaders = noRawHeaders;
  request.headers = noHeaders;
  request.url = "";
}
