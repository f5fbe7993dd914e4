/** A Blob's bytes need not be in memory to be sent or repeated. */
export type RequestBody = undefined | string | readonly Uint8Array[] | Blob | AsyncIterable<Uint8Array>;

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly signal: AbortSignal | undefined;
  /** Long poll, which the caller ends. The transport then needs no timer, which would wake twice a second. */
  readonly isHeld?: boolean;
}

export interface TransportAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Must be read completely or ended, because it occupies the connection. Throws `unreachable` if it breaks. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** One method, so that tests can intercept it. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportAnswer>;
  close(): Promise<void>;
}
