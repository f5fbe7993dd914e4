/** Messages of sign-in through another service. */
export const outside = {
  "outside.continue": "Continue with {name}",
  "outside.asAdministrator": "Sign in as an administrator",
  "outside.passwordsOff": "Only administrators can sign in with a password here. Use the other way to sign in.",
  "outside.wait": "Signing in…",
  "outside.failed": "You are not signed in",
  "outside.refused": "The other service did not sign you in. Nothing was changed.",
  "outside.late":
    "This sign-in was started in another browser, was already used, or took longer than ten minutes. Start again.",
  "outside.notLinked":
    "No account here is linked to this sign-in. If you have an account, sign in with your password and link it in Settings, under Security. Otherwise an administrator can create one.",
  "outside.notProven": "Your identity was not confirmed",
  "outside.notAsked":
    "The other service did not ask you to sign in again, so this does not confirm your identity. Use your password or a passkey, or sign out there first.",
  "outside.somebodyElse": "You are signed in there with an account that is not linked to this one.",
  "outside.goBack": "Go back",
  "outside.goOn": "Continue",
  "outside.taken": "This sign-in is already linked to another account here. Unlink it there first.",
  "outside.title": "Sign-in through another service",
  "outside.about": "Sign in through another service instead of with the password.",
  "outside.link": "Link {name}",
  "outside.linkTitle": "Link a sign-in",
  "outside.linkAbout": "Confirm your password first. Then you sign in at the other service.",
  "outside.linked": "linked {when}",
  "outside.used": "used {when}",
  "outside.unlink": "Unlink",
  "outside.unlinkNamed": "Unlink {name}",
  "outside.unlinkTitle": "Unlink this sign-in",
  "outside.unlinkAbout": "You can no longer sign in with it. After this you need your password.",
} as const;
