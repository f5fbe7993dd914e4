import type { Run } from "./command.ts";

/** A link that is handed on leads its reader to a machine of their own where it names this one. */
export function noteLocalLink({ output }: Run, url: string | undefined): void {
  if (url === undefined || !isOfThisMachine(url)) return;
  output.note(
    "This link works on the server's own machine only. With HOLDFAST_PUBLIC_URL the server makes links that others can open.",
  );
}

function isOfThisMachine(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
