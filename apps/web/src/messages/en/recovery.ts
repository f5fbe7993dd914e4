export const recovery = {
  "recovery.forgotTitle": "Reset your password",
  "recovery.forgotAbout": "You will get a link by e-mail. It works once and expires after 30 minutes.",
  "recovery.forgotUnmailed":
    "This server sends no e-mail. Enter your address, then ask an administrator for the link to choose a new password. The link expires after 30 minutes.",
  "recovery.forgotAsk": "Request link",
  "recovery.forgotWaits": "An administrator has the link",
  "recovery.forgotWaitsAbout":
    "If there is an account with {email}, administrators find its link under Administration, Invitations, in the list of links that could not be e-mailed. On the server itself, 'holdfast admin users reset-password {email} --data FOLDER' sets a new password.",
  "recovery.forgotSend": "E-mail me a link",
  "recovery.forgotSent": "Check your e-mail",
  "recovery.forgotSentAbout":
    "If there is an account with {email}, a link is on its way. A new one is sent at most every five minutes. If no e-mail arrives, an administrator can reset the password.",
  "recovery.backToSignIn": "Back to sign in",
  "recovery.resetTitle": "Choose a new password",
  "recovery.resetAbout":
    "All your browsers and devices will be signed out, and personal access tokens will stop working.",
  "recovery.newPassword": "New password",
  "recovery.passwordCommon": "This password is too easy to guess. Choose another one.",
  "recovery.endPasskeys": "Remove passkeys too: they work without the password",
  "recovery.endPasskeysHint":
    "In case someone else had access to your account or has one of your devices. If a passkey was your second factor, you need a recovery code to sign in afterwards. Without one, an administrator can turn off your second factor.",
  "recovery.endOutside": "Unlink sign-ins through other services too",
  "recovery.endOutsideHint": "In case you did not link them yourself, or someone else can sign in with them.",
  "recovery.resetSave": "Save password",
  "recovery.resetBad":
    "This link has been used, has expired or is incomplete. Request a new one from the sign-in page.",
  "recovery.resetDone": "Password changed",
  "recovery.resetDoneAbout": "Sign in as {email} with your new password.",
  "recovery.waysLeft": "Other ways to sign in still work. Review them under Settings, Security.",
} as const;
