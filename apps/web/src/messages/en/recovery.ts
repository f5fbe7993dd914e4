export const recovery = {
  "recovery.forgotTitle": "A new password",
  "recovery.forgotAbout": "A link to choose one is mailed to your address. It works once, for half an hour.",
  "recovery.forgotSend": "Mail me the link",
  "recovery.forgotSent": "Look into your mail",
  "recovery.forgotSentAbout":
    "If there is an account with {email}, the link is on its way, once in five minutes at most. If nothing comes, ask an administrator: this server may send no mail.",
  "recovery.backToSignIn": "Back to sign in",
  "recovery.resetTitle": "Choose a new password",
  "recovery.resetAbout": "All your browsers and devices have to sign in again then, and personal access tokens end.",
  "recovery.newPassword": "New password",
  "recovery.passwordCommon": "This password is among those that are tried first. Take another one.",
  "recovery.resetSave": "Save the password",
  "recovery.resetBad":
    "The link was used already, has expired, or is not complete. Have a new one mailed from the sign-in page.",
  "recovery.resetDone": "Your password is changed",
  "recovery.resetDoneAbout": "Sign in as {email} with it.",
} as const;
