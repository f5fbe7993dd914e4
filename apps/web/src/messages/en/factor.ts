/** Messages of second factors and passkeys. */
export const factor = {
  "leaving.until": "This account is being deleted. After {day}, it cannot be restored.",
  "leaving.keep": "Keep the account",
  "factor.code": "Code",
  "factor.codeHint": "From your authenticator app, or one of your recovery codes.",
  "factor.recoveryHint": "One of your recovery codes.",
  "factor.codeMissing": "Enter the code.",
  "factor.codeWrong": "This code is wrong or was already used. Enter the next code from the app, or a recovery code.",
  "factor.passkeySignIn": "Sign in with a passkey",
  "factor.passkeyUse": "Use a passkey",
  "factor.passkeyCanceled": "Canceled or timed out. Try again.",
  "factor.passkeyThere": "This device already has a passkey for this account.",
  "factor.passkeyNotHere": "Passkeys do not work at this address. Use the address in this server’s e-mails.",
  "factor.passkeyWrong":
    "This passkey did not work. It may have been removed or belong to another account. Try again, or sign in another way.",
  "factor.passkeys": "Passkeys",
  "factor.passkeysAbout":
    "Sign in with your fingerprint, face, PIN or a security key instead of a password. A stolen password alone is not enough to sign in, and a fake sign-in page cannot steal a passkey.",
  "factor.passkeysNot":
    "Passkeys need https and a domain name, which this address does not have. An administrator can set these up (docs/operation.md).",
  "factor.passkeyNone": "No passkeys yet",
  "factor.passkeyAdd": "Add a passkey",
  "factor.passkeyName": "Name",
  "factor.passkeyNameHint": "Helps you recognize it later, such as the name of the device or password manager.",
  "factor.passkeyAdded": "{name} was added",
  "factor.passkeyUsed": "Last used {when}",
  "factor.passkeyUnused": "Added {when}, never used",
  "factor.passkeyFor": "for {address}",
  "factor.passkeyRename": "Rename",
  "factor.passkeyRenameNamed": "Rename {name}",
  "factor.passkeyRemove": "Remove",
  "factor.passkeyRemoveNamed": "Remove {name}",
  "factor.passkeyRemoveAbout": "It will no longer sign you in. Delete it on the device too.",
  "factor.passkeyRemoveLast":
    "This is your last passkey. Without it, your password alone is enough to sign in, and your recovery codes stop working.",
  "factor.due":
    "An administrator requires a second factor. Set one up by {when}: after that, nothing else is available until you do.",
  "factor.setUp": "Set up",
  "factor.mustTitle": "Set up a second factor",
  "factor.mustAbout":
    "An administrator requires a second factor, and this account has none. Set up an authenticator app or a passkey to see your files again.",
  "factor.goOn": "Continue",
} as const;
