interface PolicyMaker {
  readonly createPolicy: (
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ) => {
    readonly createScriptURL: (address: string) => unknown;
  };
}

const maker = (globalThis as { trustedTypes?: PolicyMaker }).trustedTypes;
/** The one that the page's Content-Security-Policy lets be made. */
const policy = maker?.createPolicy("holdfast", { createScriptURL: ownAddress });

/** The address of a worker as the browser takes it: of a script of this app, and of nothing else. */
export function workerAddress(address: string): string {
  return (policy?.createScriptURL(address) ?? ownAddress(address)) as string;
}

function ownAddress(address: string): string {
  const { origin, pathname } = new URL(address, location.href);
  if (origin === location.origin && (pathname.startsWith("/assets/") || pathname === "/service-worker.js"))
    return address;
  throw new TypeError(`${address} is no script of this app.`);
}
