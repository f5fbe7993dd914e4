export const session = {
  "session.signIn": "Sign in",
  "session.signOut": "Sign out",
  "session.email": "E-mail address",
  "session.password": "Password",
  "session.missing": "Fill in this field.",
  "session.emailMissing": "Enter your e-mail address.",
  "session.passwordMissing": "Enter the password.",
  "session.wrong": "Wrong e-mail address or password. Try again. An administrator can reset the password.",
  "session.forgot": "Forgot your password?",
  "session.disabled": "This account is disabled. An administrator can enable it.",
  "session.foreign":
    "This server’s address is not set to {address}. Its administrator has to set HOLDFAST_PUBLIC_URL to that address.",
  "session.expired": "Sign in again",
  "session.expiredAbout": "Your session has expired. Sign in to continue where you left off.",
  "session.leaving": "You are not fully signed out yet",
  "session.leavingAbout":
    "The server cannot be reached, so your session on it is still open. Your files have been removed from this browser. Try again before you leave this browser to someone else.",
  "session.leaveAgain": "Try again",
} as const;
