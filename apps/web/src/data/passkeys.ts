import type {
  PasskeyAssertion,
  PasskeyCreation,
  PasskeyRegistration,
  PasskeyRequest,
} from "@holdfast/protocol/passkey-values";

/** Whether this browser knows passkeys at this address, which has to have a name, and https unless it is localhost. */
export function canUsePasskeys(): boolean {
  const isName = /[a-z]/i.test(location.hostname) && !location.hostname.startsWith("[");
  return (
    isName &&
    isSecureContext &&
    typeof PublicKeyCredential === "function" &&
    "parseRequestOptionsFromJSON" in PublicKeyCredential
  );
}

/** Has the browser ask the person for a passkey. @throws DOMException NotAllowedError where the person does not want, or it takes too long */
export async function askPasskey(request: PasskeyRequest): Promise<PasskeyAssertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(request);
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  return credential.toJSON() as PasskeyAssertion;
}

/** Has the browser make a passkey. @throws DOMException as `askPasskey`; InvalidStateError where this device has one of the account already */
export async function makePasskey(creation: PasskeyCreation): Promise<PasskeyRegistration> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(creation);
  const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  return credential.toJSON() as PasskeyRegistration;
}
