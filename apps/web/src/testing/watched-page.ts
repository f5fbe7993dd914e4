import type { Page } from "@holdfast/tools/testing-browser";

/** Browser messages that appear even if the app works correctly. */
export const notesOfBrowser: readonly RegExp[] = [
  // Only the server knows from the cookie if a session exists. Browsers log each 401.
  /status of 401 .*\/api\/v1\/sessions\/web\/refresh/,
  // A preloaded script is loaded twice if the service worker starts in between, and is used late on a busy machine.
  /\/assets\/first-[^/]+\.js.*(?:cross-world service worker resource mismatch|not used within a few seconds)/,
];

/** Collects errors and warnings of scripts, policies and requests. */
export function watchPage(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // Requests that the page itself canceled.
    if (reason !== "net::ERR_ABORTED") complaints.push(`${request.method()} ${request.url()} failed: ${reason}`);
  });
}
