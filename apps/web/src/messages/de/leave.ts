export const leave = {
  "leave.export": "Konto exportieren",
  "leave.exportAbout":
    "Eine Datei mit allem aus deinem Konto: Ordner, Dateien, Papierkorb, Kommentare, Markierungen und Freigaben. Es ist ein tar-Archiv, das jedes System öffnet, und 'holdfast import' liest es auf einem anderen Server ein.",
  "leave.versions": "Ältere Versionen einschließen",
  "leave.versionsHint": "Sonst enthält der Export nur die aktuelle Version jeder Datei.",
  "leave.exportAct": "Exportieren",
  "leave.exportBegun":
    "Dein Browser lädt holdfast.tar herunter. Die Datei ist vollständig, wenn der Browser es meldet.",
  "leave.delete": "Konto löschen",
  "leave.deleteAbout":
    "Löscht alles, was du hast, auch für die, mit denen du es teilst. Einige Wochen lang kannst du das Konto wiederherstellen, indem du dich anmeldest.",
  "leave.deleteTitle": "Dein Konto löschen?",
  "leave.deleteProve":
    "Alle deine Geräte werden sofort abgemeldet, und deine Freigaben und Links enden. Exportiere vorher dein Konto, wenn du etwas behalten willst. Bestätige zum Fortfahren, dass du es bist.",
};
