export const recovery = {
  "recovery.forgotTitle": "A new password",
  "recovery.forgotAbout": "A link to choose one is mailed to your address. It works once, for half an hour.",
  "recovery.forgotUnmailed":
    "This server sends no mail. Leave your address here: a link to choose a new password then waits with its administrators for half an hour. Ask one of them for it.",
  "recovery.forgotAsk": "Ask for the link",
  "recovery.forgotWaits": "Ask an administrator for the link",
  "recovery.forgotWaitsAbout":
    "If there is an account with {email}, they find its link under Administration, Invitations, among the links that were not mailed.",
  "recovery.forgotSend": "Mail me the link",
  "recovery.forgotSent": "Look into your mail",
  "recovery.forgotSentAbout":
    "If there is an account with {email}, the link is on its way, once in five minutes at most. If nothing comes, ask an administrator.",
  "recovery.backToSignIn": "Back to sign in",
  "recovery.resetTitle": "Choose a new password",
  "recovery.resetAbout": "All your browsers and devices have to sign in again then, and personal access tokens end.",
  "recovery.newPassword": "New password",
  "recovery.passwordCommon": "This password is among those that are tried first. Take another one.",
  "recovery.endPasskeys": "Remove passkeys too: they sign in without the password",
  "recovery.endPasskeysHint":
    "If somebody else may have been in your account, or has a device of yours. If a passkey was your second factor, signing in asks for a recovery code then; without one, ask an administrator.",
  "recovery.endOutside": "Unlink sign-ins through another service too",
  "recovery.endOutsideHint": "If you did not link them yourself, or somebody else gets into your account there.",
  "recovery.resetSave": "Save the password",
  "recovery.resetBad":
    "The link was used already, has expired, or is not complete. Have a new one mailed from the sign-in page.",
  "recovery.resetDone": "Your password is changed",
  "recovery.resetDoneAbout": "Sign in as {email} with it.",
  "recovery.waysLeft": "What signs in without it has stayed: look through Settings, Security.",
} as const;
