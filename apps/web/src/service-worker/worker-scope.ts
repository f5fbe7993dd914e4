/** TypeScript's DOM and worker types conflict. */
export interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly registration: { unregister(): Promise<boolean> };
  readonly clients: {
    /** @param id client id of an event */
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
  /** Keeps the worker alive. */
  waitUntil(promise: Promise<unknown>): void;
}

interface InstallEvent extends LastingEvent {
  /** Missing in some browsers. With static routes, matching requests skip the worker. */
  addRoutes?(
    routes: readonly { readonly condition: object; readonly source: "network" | "fetch-event" }[],
  ): Promise<void>;
}

export interface FetchEvent extends LastingEvent {
  readonly clientId: string;
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
