/** Of what a session that was opened a while ago is asked before it goes on. */
export const proof = {
  "proof.title": "Prove that it is you",
  "proof.about": "You signed in a while ago, and somebody else might sit here by now. Then it goes on by itself.",
  "proof.not": "Nothing was done: it was not shown that it is you.",
  "proof.act": "Go on",
  "proof.passkey": "Use a passkey instead",
  "proof.outside": "Or sign in at {name} anew: you come back here then, and do it again.",
  "proof.none":
    "This account has no password: show in another way that it is you, or sign out and have a password sent to you. Who leaves for the other service comes back here, and does it again. Nothing was done yet.",
  "proof.outsideOnly":
    "You signed in a while ago, and somebody else might sit here by now. {name} asks you to sign in anew; you come back here then, and do it again. Nothing was done yet.",
} as const;
