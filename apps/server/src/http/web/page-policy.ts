/** Where browsers tell what a policy kept from happening. */
export const reportsPath = "/api/v1/csp-reports";

const reporting = [`report-uri ${reportsPath}`, "report-to csp"];
export const reportingHeaders = { "reporting-endpoints": `csp="${reportsPath}"` };

/** Nothing comes from elsewhere, and no text becomes script or markup. */
const ofPages = [
  "default-src 'none'",
  "script-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // The one policy of the app, for addresses of its own workers.
  "trusted-types holdfast",
  ...reporting,
];

/** Nor does anything stand in the page itself. */
const appPolicy = [...ofPages, "style-src 'self'", "manifest-src 'self'", "form-action 'none'"].join("; ");

/**
 * Of a link's page with the script that takes it over: what works without it has a style in the page, known by its hash, and forms.
 * @param styleHash as a policy names it, `sha256-…`
 */
export function linkPagePolicy(styleHash: string): string {
  return [...ofPages, `style-src 'self' '${styleHash}'`, "form-action 'self'"].join("; ");
}

/**
 * Of the page of the API with its viewer, which has no frames and no workers. It draws its arrows from `data:`, shows pictures that a call
 * answered from blobs, and writes markup, cleaned, as text: the policy that lets it (`default`, in apps/web/src/api-docs) makes markup only.
 * @param styleHash of the style in the page
 */
export function docsPolicy(styleHash: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' '${styleHash}'`,
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types default dompurify",
    ...reporting,
  ].join("; ");
}

/**
 * Of the frame in which strange content is read and shown: an origin of nobody, without a network. It is given bytes, and
 * gives back words. Its workers start from blobs alone.
 */
const framePolicy = [
  "sandbox allow-scripts",
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src blob:",
  "media-src blob:",
  "font-src blob:",
  "worker-src blob:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  ...reporting,
].join("; ");

const workerPolicy = ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "worker-src 'self'"];

/** A worker is under the policy of its own script's answer. WebAssembly is compiled where files are cut, and nowhere else. */
function scriptPolicy(place: string): string {
  const isCutter = /^\/assets\/cut\.worker-[\w-]+\.js$/.test(place);
  return (isCutter ? workerPolicy.with(1, "script-src 'self' 'wasm-unsafe-eval'") : workerPolicy).join("; ");
}

export const appPageHeaders = {
  "content-security-policy": appPolicy,
  ...reportingHeaders,
  "cache-control": "no-cache",
};

export const framePageHeaders = {
  "content-security-policy": framePolicy,
  ...reportingHeaders,
  "cache-control": "no-cache",
  "x-frame-options": "SAMEORIGIN",
  // A process of its own, where a browser knows how: a file that keeps the frame busy for ever keeps the app from nothing.
  "document-isolation-policy": "isolate-and-require-corp",
  // Said of a page without an origin it would keep the page from being shown.
  "cross-origin-opener-policy": undefined,
};

/**
 * An asset's name tells its content, so it never changes. Everybody may read it: the frame, which is of no origin, has to, and
 * there is nothing in it that is not in the sources.
 */
export function assetHeaders(place: string) {
  return {
    ...(place.endsWith(".js") ? { "content-security-policy": scriptPolicy(place) } : {}),
    "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*",
  };
}

/** Others that lie beside the page, as the service worker does: asked for again each time. */
export function plainFileHeaders(place: string) {
  return {
    ...(place.endsWith(".js") ? { "content-security-policy": scriptPolicy(place) } : {}),
    "cache-control": "no-cache",
  };
}
