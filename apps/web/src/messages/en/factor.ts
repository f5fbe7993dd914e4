/** Of what stands beside a password, or in its place. */
export const factor = {
  "leaving.until": "This account is being deleted, and is gone for good after {day}.",
  "leaving.keep": "Keep the account",
  "factor.code": "Code",
  "factor.codeHint": "Of your authenticator app, or one of your recovery codes.",
  "factor.codeWrong":
    "This code is wrong, or was used already. Take the next one that the app shows, or a recovery code.",
  "factor.passkeySignIn": "Sign in with a passkey",
  "factor.passkeyUse": "Use a passkey",
  "factor.passkeyCancelled": "Nothing was shown: it was cancelled, or took too long. Try again.",
  "factor.passkeyThere": "This device has a passkey of this account already.",
  "factor.passkeyNotHere": "Passkeys do not work at this address. Open Holdfast at the one that its mails name.",
  "factor.passkeyWrong":
    "This passkey does not do: it was removed, is of another account, or took too long. Try again, or sign in another way.",
  "factor.passkeys": "Passkeys",
  "factor.passkeysAbout":
    "Sign in with your fingerprint, your face, a PIN or a security key, without a password. Whoever has the password alone does not get in, and no page that imitates this one gets anything.",
  "factor.passkeysNot":
    "They need an address with a name and https, and this page has another one. Ask whoever runs the server.",
  "factor.passkeyNone": "No passkey yet",
  "factor.passkeyAdd": "Add a passkey",
  "factor.passkeyName": "Name",
  "factor.passkeyNameHint": "By which you know it again: of the device, or of the password manager.",
  "factor.passkeyAdded": "{name} was added",
  "factor.passkeyUsed": "Last used {when}",
  "factor.passkeyUnused": "Added {when}, not used yet",
  "factor.passkeyFor": "for {address}",
  "factor.passkeyRename": "Rename",
  "factor.passkeyRenameNamed": "Rename {name}",
  "factor.passkeyRemove": "Remove",
  "factor.passkeyRemoveNamed": "Remove {name}",
  "factor.passkeyRemoveAbout": "It signs in no more. Delete it on the device as well.",
  "factor.passkeyRemoveLast":
    "It is your last one: from then on the password is enough to sign in, and the recovery codes are none any more.",
  "factor.due":
    "An administrator asks for a second factor: from {when} on nothing is shown here before you have set one up.",
  "factor.setUp": "Set it up",
  "factor.mustTitle": "Set up a second factor",
  "factor.mustAbout":
    "An administrator asks for one, and this account has none. Your files are shown again once an authenticator app or a passkey is set up.",
  "factor.goOn": "Go on",
} as const;
