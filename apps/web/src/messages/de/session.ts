export const session = {
  "session.signIn": "Anmelden",
  "session.signOut": "Abmelden",
  "session.email": "E-Mail-Adresse",
  "session.password": "Passwort",
  "session.name": "Dein Name",
  "session.nameHint": "Andere sehen ihn neben dem, was du teilst.",
  "session.emailHint": "Damit meldest du dich an.",
  "session.passwordHint": "Mindestens {count} Zeichen. Ein Satz merkt sich leichter als Sonderzeichen.",
  "session.passwordShort": "Das hat weniger als {count} Zeichen. Mach es länger.",
  "session.missing": "Schreib hier etwas hinein.",
  "session.noAddress": "Das ist keine E-Mail-Adresse: Es fehlt ein @ oder was daneben steht.",
  "session.wrong":
    "E-Mail-Adresse und Passwort passen nicht zusammen. Versuch es noch einmal oder lass dir ein neues Passwort geben.",
  "session.forgot": "Passwort vergessen?",
  "session.forgotTitle": "Ein neues Passwort",
  "session.forgotAbout":
    "Ein Link, mit dem du eines wählst, kommt an deine Adresse. Er gilt einmal und eine halbe Stunde lang.",
  "session.forgotSend": "Link schicken",
  "session.forgotSent": "Schau in deine Mails",
  "session.forgotSentAbout":
    "Wenn es ein Konto mit {email} gibt, ist der Link unterwegs, höchstens einmal in fünf Minuten. Kommt nichts, frag einen Administrator: Vielleicht verschickt dieser Server keine Mails.",
  "session.backToSignIn": "Zurück zur Anmeldung",
  "session.resetTitle": "Neues Passwort wählen",
  "session.resetAbout":
    "Danach müssen sich alle deine Browser und Geräte neu anmelden, und persönliche Zugangsschlüssel gelten nicht mehr.",
  "session.resetSave": "Passwort sichern",
  "session.resetBad":
    "Der Link wurde schon benutzt, ist abgelaufen oder unvollständig. Lass dir auf der Anmeldeseite einen neuen schicken.",
  "session.resetDone": "Dein Passwort ist geändert",
  "session.resetDoneAbout": "Melde dich als {email} damit an.",
  "session.code": "Code",
  "session.codeHint": "Aus deiner Authenticator-App, oder einer deiner Wiederherstellungscodes.",
  "session.codeOfApp": "Die sechs Ziffern, die die App zeigt.",
  "session.codeWrong":
    "Dieser Code ist falsch oder wurde schon benutzt. Nimm den nächsten, den die App zeigt, oder einen Wiederherstellungscode.",
  "session.disabled": "Dieses Konto ist abgeschaltet. Frag, wer den Server verwaltet.",
  "session.expired": "Melde dich wieder an",
  "session.expiredAbout": "Deine Sitzung ist zu Ende. Melde dich an, dann geht weiter, was du gerade getan hast.",
  "session.accountTaken": "Mit dieser Adresse gibt es schon ein Konto. Melde dich damit an.",
  "session.linkUsed":
    "Dieser Link wurde schon benutzt, oder es gibt einen neueren. Wenn schon jemand den Server verwaltet, melde dich an oder bitte um eine Einladung. Sonst starte den Server neu: Er nennt einen neuen Link.",
  "session.inviteUsed":
    "Diese Einladung wurde schon benutzt, ist abgelaufen oder gilt einer anderen E-Mail-Adresse. Bitte um eine neue.",
  "session.linkCut": "Der Link ist nicht vollständig",
  "session.linkCutNext": "Alles nach dem # gehört dazu. Kopier den ganzen Link.",
  "session.welcome": "Willkommen bei Holdfast",
  "session.adminAbout": "Leg das Konto an, das diesen neuen Server verwaltet. Der Link gilt einmal.",
  "session.inviteAbout": "Leg dein Konto auf diesem Server an. Der Link gilt einmal.",
  "session.createAdmin": "Verwaltungskonto anlegen",
  "session.createAccount": "Konto anlegen",
  "session.haveAccount": "Du hast schon ein Konto?",
  "session.confirmTitle": "Bestätige deine Adresse",
  "session.confirmAbout": "Was andere mit deiner E-Mail-Adresse teilen, wird deines.",
  "session.confirm": "Diese Adresse ist meine",
  "session.confirmBad":
    "Der Link ist falsch, abgelaufen oder gilt einer anderen Adresse. Lass dir einen neuen schicken: Einstellungen, Profil.",
  "session.confirmed": "Deine Adresse ist bestätigt",
  "session.confirmedAbout": "Was andere mit {email} teilen, ist ab jetzt deines.",
  "session.leaving": "Du bist noch nicht abgemeldet",
  "session.leavingAbout":
    "Der Server antwortet nicht und weiß noch nichts davon. Hier wird nichts mehr von dir gezeigt oder aufgehoben, aber sobald er antwortet, könnte dieser Browser noch als du weitermachen. Versuch es noch einmal und überlass diesen Browser bis dahin niemandem.",
  "session.leaveAgain": "Noch einmal abmelden",
} as const;
