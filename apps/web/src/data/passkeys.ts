import type {
  PasskeyAssertion,
  PasskeyCreation,
  PasskeyRegistration,
  PasskeyRequest,
} from "@holdfast/protocol/passkey-values";

/** Passkeys require a host name, not an IP address, and https or localhost. */
export function canUsePasskeys(): boolean {
  const isName = /[a-z]/i.test(location.hostname) && !location.hostname.startsWith("[");
  return (
    isName &&
    isSecureContext &&
    typeof PublicKeyCredential === "function" &&
    "parseRequestOptionsFromJSON" in PublicKeyCredential
  );
}

/** Asks the person for a passkey. @throws DOMException NotAllowedError on cancel or timeout */
export async function askPasskey(request: PasskeyRequest): Promise<PasskeyAssertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(request);
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  return credential.toJSON() as PasskeyAssertion;
}

/**
 * Creates a passkey.
 * @throws DOMException as `askPasskey`; InvalidStateError if the device already has a passkey of the account
 */
export async function makePasskey(creation: PasskeyCreation): Promise<PasskeyRegistration> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(creation);
  const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  return credential.toJSON() as PasskeyRegistration;
}
