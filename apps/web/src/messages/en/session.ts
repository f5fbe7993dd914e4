export const session = {
  "session.signIn": "Sign in",
  "session.signOut": "Sign out",
  "session.email": "E-mail address",
  "session.password": "Password",
  "session.missing": "Write something here.",
  "session.wrong":
    "The e-mail address and the password do not go together. Try again, or ask an administrator for a new password.",
  "session.forgot": "Forgot your password?",
  "session.disabled": "This account is switched off. Ask an administrator of this server.",
  "session.foreign":
    "This server does not know itself as {address}. Whoever runs it has to set HOLDFAST_PUBLIC_URL to that.",
  "session.expired": "Sign in again",
  "session.expiredAbout": "Your session has ended. Sign in, and what you were doing goes on.",
  "session.leaving": "You are not signed out yet",
  "session.leavingAbout":
    "The server does not answer, so it has not heard of it. Nothing of yours is shown or kept here any more, but once the server answers, this browser could still go on as you. Try again, or do not leave this browser to others.",
  "session.leaveAgain": "Sign out again",
} as const;
