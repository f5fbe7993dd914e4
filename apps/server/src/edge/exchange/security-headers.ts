/**
 * Browsers must not display these responses: nothing may load, run, be framed or be sniffed. Our own pages have their
 * own policy.
 */
const everywhere: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

const overTls: Readonly<Record<string, string>> = {
  ...everywhere,
  "strict-transport-security": "max-age=31536000",
};

/** Headers of every response, including those to broken requests. There is no CORS. */
export function securityHeaders(secure: boolean): Readonly<Record<string, string>> {
  return secure ? overTls : everywhere;
}
