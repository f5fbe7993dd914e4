import type { Page } from "@holdfast/tools/testing-browser";

/** Logged even if the app works. */
export const notesOfBrowser: readonly RegExp[] = [
  // Only the cookie shows if there is a session. Browsers log each 401.
  /status of 401 .*\/api\/v1\/sessions\/web\/refresh/,
  // A preload is repeated if the service worker starts in between, and used late on a busy machine.
  /\/assets\/first-[^/]+\.js.*(?:cross-world service worker resource mismatch|not used within a few seconds)/,
];

export function watchPage(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // Canceled by the page itself.
    if (reason !== "net::ERR_ABORTED") complaints.push(`${request.method()} ${request.url()} failed: ${reason}`);
  });
}
