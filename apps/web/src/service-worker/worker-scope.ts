/**
 * Parts of the service worker API that are used. TypeScript's DOM and worker types conflict, so they are declared here.
 */
export interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly registration: { unregister(): Promise<boolean> };
  readonly clients: {
    /** Finds a page by the client id of an event. */
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
  /** Keeps the worker alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}

interface InstallEvent extends LastingEvent {
  /**
   * Missing in some browsers. With static routes, the browser sends matching requests directly to the network without
   * starting the worker.
   */
  addRoutes?(
    routes: readonly { readonly condition: object; readonly source: "network" | "fetch-event" }[],
  ): Promise<void>;
}

export interface FetchEvent extends LastingEvent {
  readonly clientId: string;
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
