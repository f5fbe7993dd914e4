import type { ComponentType, ReactNode } from "react";
// @ts-expect-error The package comes without types.
import bundle from "swagger-ui-dist/swagger-ui-es-bundle.js";

interface System {
  readonly React: {
    createElement(type: string | ComponentType<object>, props: object, ...children: ReactNode[]): ReactNode;
  };
}

/** Immutable.js collection, in which the viewer keeps its state. */
export interface Kept {
  get(key: string): unknown;
  set(key: string, value: unknown): Kept;
  map(change: (each: Kept) => Kept): Kept;
  filter(isKept: (each: Kept) => boolean): Kept;
  toArray(): Kept[];
  entrySeq(): { toArray(): [string, Kept][] };
  readonly size: number;
}

interface SwaggerRequest {
  credentials?: string;
}

export interface Plugin {
  readonly fn?: { opsFilter(groups: Kept, phrase: string): Kept };
  readonly components?: Readonly<Record<string, (props: never) => ReactNode>>;
  readonly wrapComponents?: Readonly<
    Record<string, (original: unknown, system: System) => (props: never) => ReactNode>
  >;
}

interface ViewerOptions {
  readonly url: string;
  readonly domNode: Element;
  readonly validatorUrl: null;
  readonly persistAuthorization: boolean;
  readonly filter: boolean;
  readonly deepLinking: boolean;
  readonly docExpansion: "list" | "none";
  readonly defaultModelsExpandDepth: number;
  readonly displayRequestDuration: boolean;
  readonly requestInterceptor: (request: SwaggerRequest) => SwaggerRequest;
  readonly onComplete: () => void;
  readonly plugins: readonly Plugin[];
}

export const openViewer = bundle as (options: ViewerOptions) => unknown;
