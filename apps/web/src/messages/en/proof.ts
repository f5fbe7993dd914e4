/** Proof of identity that old sessions require. */
export const proof = {
  "proof.title": "Confirm your identity",
  "proof.about": "You signed in a while ago. Confirm your identity to continue.",
  "proof.not": "Nothing was changed: your identity was not confirmed.",
  "proof.act": "Continue",
  "proof.passkey": "Use a passkey instead",
  "proof.outside": "Or sign in at {name} again. You will then return here and repeat the step.",
  "proof.none":
    "This account has no password. Confirm your identity another way, or sign out and request a password by e-mail. After signing in at another service, you will return here and repeat the step. Nothing has been changed yet.",
  "proof.outsideOnly":
    "You signed in a while ago. Sign in at {name} again to confirm your identity. You will then return here and repeat the step. Nothing has been changed yet.",
} as const;
