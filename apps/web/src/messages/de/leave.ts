export const leave = {
  "leave.export": "Alles mitnehmen",
  "leave.exportAbout":
    "Eine Datei mit deinem ganzen Konto: Ordner, Dateien, Papierkorb, Kommentare, Sterne und Freigaben. Sie ist ein Tar, das jedes System öffnet, und „holdfast import“ liest es in einen anderen Server ein.",
  "leave.versions": "Mit älteren Versionen",
  "leave.versionsHint": "Ohne sie enthält sie die neueste Version jeder Datei.",
  "leave.exportAct": "Mein Konto sichern",
  "leave.exportBegun": "Dein Browser speichert holdfast.tar. Es ist vollständig, sobald der Browser es sagt.",
  "leave.delete": "Konto löschen",
  "leave.deleteAbout":
    "Alles, was du hast, verschwindet, auch für alle, mit denen du es teilst. Einige Wochen lang kannst du es zurückholen, indem du dich anmeldest; eine Mail sagt, bis wann.",
  "leave.deleteTitle": "Dein Konto löschen?",
  "leave.deleteProve":
    "Alle deine Geräte werden sofort abgemeldet, und deine Freigaben und Links enden. Sichere dein Konto vorher, wenn du etwas behalten willst. Zeig, dass du es bist.",
};
