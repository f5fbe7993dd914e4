import type { Page } from "@holdfast/tools/testing-browser";

/** What a browser notes however right the app is. */
export const notesOfBrowser: readonly RegExp[] = [
  // Whether somebody is signed in only the server knows, by the cookie; each answer that says no is noted.
  /status of 401 .*\/api\/v1\/sessions\/web\/refresh/,
  // What the page names ahead is loaded twice where the service worker comes to life in between, and used late where the machine is busy.
  /\/assets\/first-[^/]+\.js.*(?:cross-world service worker resource mismatch|not used within a few seconds)/,
];

/** Puts into the list what a browser says is wrong: errors and warnings, of scripts, policies and requests. */
export function watchPage(page: Page, complaints: string[]): void {
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // What a page itself gives up, by leaving or because it is no longer wanted.
    if (reason !== "net::ERR_ABORTED") complaints.push(`${request.method()} ${request.url()} failed: ${reason}`);
  });
}
