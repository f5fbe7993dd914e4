/** A Blob is of files that lie elsewhere: their bytes need not be in memory to be sent, nor to be sent again. */
export type RequestBody = undefined | string | readonly Uint8Array[] | Blob | AsyncIterable<Uint8Array>;

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly signal: AbortSignal | undefined;
  /**
   * The answer is held back for as long as its caller asks, who ends the request itself. Without a patience of its own the
   * transport has no clock to wake for, twice a second.
   */
  readonly isHeld?: boolean;
}

export interface TransportAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** Read to its end, or its iteration ended, or the connection stays taken. Throws `unreachable` if it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** How requests reach the server: one method, so that a test can stand between. */
export interface Transport {
  send(request: TransportRequest): Promise<TransportAnswer>;
  close(): Promise<void>;
}
