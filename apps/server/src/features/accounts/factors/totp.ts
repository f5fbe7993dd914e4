import { Secret, TOTP } from "otpauth";

/** Supported by every authenticator app: SHA-1, six digits, 30 seconds (RFC 6238, Google's key URI format). */
const periodMs = 30_000;
const parameters = { algorithm: "SHA1", digits: 6, period: periodMs / 1000 } as const;
/** One step before and after: phones' clocks may be half a minute off, and typing takes seconds. */
const window = 1;

/** RFC 4226: at least 16 bytes, 20 recommended. */
export const totpSecretBytes = 20;

export interface TotpLabel {
  readonly issuer: string;
  readonly account: string;
}

/** @returns secret in base32, to type, and an otpauth URI for a QR code */
export function describeTotp(secret: Uint8Array, { issuer, account }: TotpLabel): { secret: string; uri: string } {
  const totp = totpOf(secret, { issuer, label: account });
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * @param code without spaces
 * @returns the code's time step, which the caller must accept only once; undefined for a wrong code
 */
export function totpStep(secret: Uint8Array, code: string, nowMs: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window });
  return delta === null ? undefined : Math.floor(nowMs / periodMs) + delta;
}

function totpOf(secret: Uint8Array, named: { readonly issuer?: string; readonly label?: string } = {}): TOTP {
  return new TOTP({ ...parameters, ...named, secret: new Secret({ buffer: new Uint8Array(secret).buffer }) });
}
