/** Receives policy violation reports of browsers. */
export const reportsPath = "/api/v1/csp-reports";

const reporting = [`report-uri ${reportsPath}`, "report-to csp"];
export const reportingHeaders = { "reporting-endpoints": `csp="${reportsPath}"` };

/** Allows no external content, and no conversion of text to script or markup. */
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
  // The app's only trusted types policy, for URLs of its own workers.
  "trusted-types holdfast",
  ...reporting,
];

/** Also allows no inline content. */
const appPolicy = [...ofPages, "style-src 'self'", "manifest-src 'self'", "form-action 'none'"].join("; ");

/**
 * Allows the inline style by its hash, and forms, which work without the script.
 * @param styleHash in the policy's format, `sha256-…`
 */
export function linkPagePolicy(styleHash: string): string {
  return [...ofPages, `style-src 'self' '${styleHash}'`, "form-action 'self'"].join("; ");
}

/**
 * The viewer has no frames or workers. It uses `data:` images for arrows and blobs for response images, and writes
 * sanitized markup as text. The `default` policy in apps/web/src/api-docs allows only that.
 * @param styleHash hash of the inline style
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
 * Displays untrusted content: an opaque origin without network access, which receives bytes and returns text. Its
 * workers start only from blobs.
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

/** A worker has the policy of its script's response. Only the worker that cuts files compiles WebAssembly. */
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
  // The frame gets its own process in supporting browsers, so that it does not block the app.
  "document-isolation-policy": "isolate-and-require-corp",
  // On a page without an origin, this header would block the page.
  "cross-origin-opener-policy": undefined,
};

/**
 * The name contains a hash, so an asset never changes. All origins may read it, because the frame has an opaque origin,
 * and its content is public source code.
 */
export function assetHeaders(place: string) {
  return {
    ...(place.endsWith(".js") ? { "content-security-policy": scriptPolicy(place) } : {}),
    "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*",
  };
}

/** Other files beside the page, such as the service worker, are revalidated each time. */
export function plainFileHeaders(place: string) {
  return {
    ...(place.endsWith(".js") ? { "content-security-policy": scriptPolicy(place) } : {}),
    "cache-control": "no-cache",
  };
}
