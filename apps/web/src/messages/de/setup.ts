export const setup = {
  "setup.confirmTitle": "Bestätige deine Adresse",
  "setup.confirmAbout": "Was andere mit deiner E-Mail-Adresse teilen, wird deines.",
  "setup.confirm": "Diese Adresse ist meine",
  "setup.confirmBad":
    "Der Link ist falsch, abgelaufen oder gilt einer anderen Adresse. Lass dir einen neuen schicken: Einstellungen, Profil.",
  "setup.confirmed": "Deine Adresse ist bestätigt",
  "setup.confirmedAbout": "Was andere mit {email} teilen, ist ab jetzt deines.",
  "setup.linkUsed":
    "Dieser Link wurde schon benutzt, oder es gibt einen neueren. Wenn schon jemand den Server verwaltet, melde dich an oder bitte um eine Einladung. Sonst starte den Server neu: Er nennt einen neuen Link.",
  "setup.inviteUsed":
    "Diese Einladung wurde schon benutzt, ist abgelaufen oder gilt einer anderen E-Mail-Adresse. Bitte um eine neue.",
  "setup.linkCut": "Der Link ist nicht vollständig",
  "setup.linkCutNext": "Alles nach dem # gehört dazu. Kopier den ganzen Link.",
  "setup.adminAbout": "Leg das Konto an, das diesen neuen Server verwaltet. Der Link gilt einmal.",
  "setup.inviteAbout": "Leg dein Konto auf diesem Server an. Der Link gilt einmal.",
  "setup.createAdmin": "Verwaltungskonto anlegen",
  "setup.createAccount": "Konto anlegen",
  "setup.haveAccount": "Du hast schon ein Konto?",
  "setup.accountTaken": "Mit dieser Adresse gibt es schon ein Konto. Melde dich damit an.",
} as const;
