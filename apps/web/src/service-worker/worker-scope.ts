/** What a service worker has of its browser. The types of pages do not know it, and both kinds at once contradict each other. */
export interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly registration: { unregister(): Promise<boolean> };
  readonly clients: {
    /** A page, by what an event says of who asks. */
    get(id: string): Promise<{ readonly url: string } | undefined>;
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly unknown[]>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install", listener: (event: InstallEvent) => void): void;
  addEventListener(type: "activate", listener: (event: LastingEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: LastingEvent & { readonly data: unknown }) => void): void;
}

interface LastingEvent {
  /** The worker is not ended before. */
  waitUntil(promise: Promise<unknown>): void;
}

interface InstallEvent extends LastingEvent {
  /** Where there is one, the browser asks the network by itself for what the worker would let pass, and need not start it for that. */
  addRoutes?(
    routes: readonly { readonly condition: object; readonly source: "network" | "fetch-event" }[],
  ): Promise<void>;
}

export interface FetchEvent extends LastingEvent {
  readonly clientId: string;
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
