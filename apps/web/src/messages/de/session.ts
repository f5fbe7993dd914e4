export const session = {
  "session.signIn": "Anmelden",
  "session.signOut": "Abmelden",
  "session.email": "E-Mail-Adresse",
  "session.password": "Passwort",
  "session.missing": "Füll dieses Feld aus.",
  "session.emailMissing": "Gib deine E-Mail-Adresse ein.",
  "session.passwordMissing": "Gib das Passwort ein.",
  "session.wrong":
    "E-Mail-Adresse oder Passwort ist falsch. Versuch es noch einmal. Ein Administrator kann das Passwort zurücksetzen.",
  "session.forgot": "Passwort vergessen?",
  "session.disabled": "Dieses Konto ist deaktiviert. Ein Administrator kann es aktivieren.",
  "session.foreign":
    "Die Adresse dieses Servers ist nicht auf {address} gesetzt. Wer ihn betreibt, muss HOLDFAST_PUBLIC_URL auf diese Adresse setzen.",
  "session.expired": "Melde dich wieder an",
  "session.expiredAbout": "Deine Sitzung ist abgelaufen. Melde dich an, um weiterzumachen, wo du aufgehört hast.",
  "session.leaving": "Du bist noch nicht ganz abgemeldet",
  "session.leavingAbout":
    "Der Server ist nicht erreichbar, deshalb ist deine Sitzung dort noch offen. Deine Dateien sind aus diesem Browser entfernt. Versuch es noch einmal, bevor du diesen Browser anderen überlässt.",
  "session.leaveAgain": "Noch einmal versuchen",
} as const;
