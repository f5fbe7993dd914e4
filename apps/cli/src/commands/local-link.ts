import type { Run } from "../invocation/run.ts";

export function noteLocalLink({ output }: Run, url: string | undefined): void {
  if (url === undefined || !isOfThisMachine(url)) return;
  output.note("This link works only on the server itself. Set HOLDFAST_PUBLIC_URL for links that others can open.");
}

function isOfThisMachine(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
