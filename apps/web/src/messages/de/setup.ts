export const setup = {
  "setup.confirmTitle": "Bestätige deine Adresse",
  "setup.confirmAbout": "Was andere mit deiner E-Mail-Adresse teilen, wird deines.",
  "setup.confirm": "Diese Adresse ist meine",
  "setup.confirmBad":
    "Der Link ist falsch, abgelaufen oder gilt einer anderen Adresse. Lass dir einen neuen schicken: Einstellungen, Profil.",
  "setup.confirmed": "Deine Adresse ist bestätigt",
  "setup.confirmedAbout": "Was andere mit {email} teilen, ist ab jetzt deines.",
  "setup.linkUsed":
    "Dieser Link wurde schon benutzt, oder es gibt einen neueren. Wenn schon jemand den Server verwaltet, melde dich an oder bitte um eine Einladung. Sonst nennt holdfast admin setup-link dort, wo der Server läuft, einen neuen.",
  "setup.inviteUsed":
    "Diese Einladung wurde schon benutzt, ist abgelaufen oder gilt einer anderen E-Mail-Adresse. Bitte um eine neue.",
  "setup.asking": "Der Link wird geprüft …",
  "setup.useless": "Dieser Link gilt nicht mehr",
  "setup.inviteGone":
    "Die Einladung wurde schon benutzt oder ist abgelaufen. Wenn du ein Konto hast, melde dich an. Sonst bitte um eine neue.",
  "setup.goodUntil": "Er gilt bis {time}.",
  "setup.forAddress": "Die Einladung gilt nur dieser Adresse.",
  "setup.linkCut": "Der Link ist nicht vollständig",
  "setup.linkCutNext": "Alles nach dem # gehört dazu. Kopier den ganzen Link.",
  "setup.adminAbout": "Leg das Konto an, das diesen neuen Server verwaltet. Der Link gilt einmal.",
  "setup.inviteAbout": "Leg dein Konto auf diesem Server an. Der Link gilt einmal.",
  "setup.createAdmin": "Verwaltungskonto anlegen",
  "setup.createAccount": "Konto anlegen",
  "setup.haveAccount": "Du hast schon ein Konto?",
  "setup.accountTaken": "Mit dieser Adresse gibt es schon ein Konto. Melde dich damit an.",
  "setup.name": "Dein Name",
  "setup.nameHint": "Andere sehen ihn neben dem, was du teilst.",
  "setup.emailHint": "Damit meldest du dich an.",
  "setup.passwordHint": "Mindestens {count} Zeichen. Ein Satz merkt sich leichter als Sonderzeichen.",
  "setup.passwordShort": "Das hat weniger als {count} Zeichen. Mach es länger.",
  "setup.noAddress": "Das ist keine E-Mail-Adresse: Es fehlt ein @ oder was daneben steht.",
  "setup.welcome": "Willkommen bei Holdfast",
} as const;
