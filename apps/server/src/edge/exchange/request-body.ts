import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { OwnSlices } from "../../packs/format/freed-bytes.ts";

/** Runs every `checkMs`, and before the reader receives the end. An error ends the body. */
type BodyCheck = (isWhole: boolean) => Promise<void>;

/**
 * Read as fast as the handler reads. Destroying Node's own stream would cut the connection and lose the error response.
 * `request_timeout` ends the body if the client sends nothing for `idleTimeoutMs` while the handler waits, or sends
 * below the minimum rate. The total time is unlimited, so the caller is checked repeatedly: a revoked one could
 * continue for days.
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
    // Object mode passes slices on unchanged. A byte stream would join waiting slices into new buffers.
    super({ objectMode: true, highWaterMark: slicesWaitingMax });
    this.#request = request;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#check = check;
    // The handler learns of the end by its signal. Without a listener, the error would end the process.
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

  /** Runs even if nothing arrives and the handler does not read. */
  async #checkOnTheWay(): Promise<void> {
    try {
      await this.#check(false);
    } catch (error) {
      // A database outage says nothing about the caller. The next check will ask again.
      if (error instanceof HoldfastError && error.code !== "unavailable") this.destroy(error);
    }
    if (!this.destroyed && !this.#request.readableEnded) this.#checkClock?.refresh();
  }

  #startClock(): void {
    // If the request ended before it was attached, nothing would stop the clock.
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
    // The client waits for the handler now. `_read` restarts the clock.
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

/** A running response continues as long after its caller was revoked. Short bodies end earlier. */
const checkMs = 2000;

/** Node's parser produces slices of up to 64 KiB. */
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

/** True if the body ended early. The data before is valid. */
export function isBrokenOff(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && breaks.has(thrown);
}

/** Limit for a body that is discarded after the response, so that a reset does not lose the response. */
const drainBytesMax = 64 * 1024 * 1024;
const drainTimeoutMs = 10_000;

/**
 * Discards the rest of a body after an early response, then cuts the connection. An immediate close would reset the
 * connection, and a client that is still sending might never see the response.
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
 * The response announces the end of the connection, and only this side closes. Node would close both sides, and reset
 * the connection of a client that is still sending.
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

/** True for a request after a rejected body on the same connection. It gets no response, so it must have no effect. */
export function isAfterLast({ socket }: IncomingMessage): boolean {
  return closing.has(socket);
}

const noRawHeaders: string[] = [];
const noHeaders = {};

/** Frees the head of a request that waits for a long time. */
export function forgetHead(request: IncomingMessage): void {
  request.rawHeaders = noRawHeaders;
  request.headers = noHeaders;
  request.url = "";
}
