export const session = {
  "session.signIn": "Anmelden",
  "session.signOut": "Abmelden",
  "session.email": "E-Mail-Adresse",
  "session.password": "Passwort",
  "session.missing": "Schreib hier etwas hinein.",
  "session.wrong":
    "E-Mail-Adresse und Passwort passen nicht zusammen. Versuch es noch einmal oder lass dir ein neues Passwort geben.",
  "session.forgot": "Passwort vergessen?",
  "session.disabled": "Dieses Konto ist abgeschaltet. Frag, wer den Server verwaltet.",
  "session.foreign":
    "Dieser Server kennt sich nicht als {address}. Wer ihn betreibt, muss HOLDFAST_PUBLIC_URL darauf setzen.",
  "session.expired": "Melde dich wieder an",
  "session.expiredAbout": "Deine Sitzung ist zu Ende. Melde dich an, dann geht weiter, was du gerade getan hast.",
  "session.leaving": "Du bist noch nicht abgemeldet",
  "session.leavingAbout":
    "Der Server antwortet nicht und weiß noch nichts davon. Hier wird nichts mehr von dir gezeigt oder aufgehoben, aber sobald er antwortet, könnte dieser Browser noch als du weitermachen. Versuch es noch einmal und überlass diesen Browser bis dahin niemandem.",
  "session.leaveAgain": "Noch einmal abmelden",
} as const;
