/** Proof of identity that old sessions require. */
export const proof = {
  "proof.title": "Confirm that it is you",
  "proof.about": "You signed in a while ago. Confirm that it is you to continue.",
  "proof.not": "Nothing was changed: your identity was not confirmed.",
  "proof.act": "Continue",
  "proof.passkey": "Use a passkey instead",
  "proof.outside": "Or sign in at {name} again. You then come back here and repeat the step.",
  "proof.none":
    "This account has no password. Confirm in another way that it is you, or sign out and request a password by e-mail. After signing in at another service you come back here and repeat the step. Nothing has been changed yet.",
  "proof.outsideOnly":
    "You signed in a while ago. Sign in at {name} again to confirm that it is you. You then come back here and repeat the step. Nothing has been changed yet.",
} as const;
