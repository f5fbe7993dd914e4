interface PolicyMaker {
  readonly createPolicy: (
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ) => {
    readonly createScriptURL: (address: string) => unknown;
  };
}

const maker = (globalThis as { trustedTypes?: PolicyMaker }).trustedTypes;
/** The only policy that the Content-Security-Policy permits. */
const policy = maker?.createPolicy("holdfast", { createScriptURL: ownAddress });

/** Accepts only scripts of this app. */
export function workerAddress(address: string): string {
  return (policy?.createScriptURL(address) ?? ownAddress(address)) as string;
}

function ownAddress(address: string): string {
  const { origin, pathname } = new URL(address, location.href);
  if (origin === location.origin && (pathname.startsWith("/assets/") || pathname === "/service-worker.js"))
    return address;
  throw new TypeError(`${address} is not a script of this app.`);
}
