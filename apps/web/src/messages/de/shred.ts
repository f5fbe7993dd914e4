export const shred = {
  "shred.menu": "Endgültig löschen…",
  "shred.leaves": "gelöscht; wird am {when} endgültig entfernt",
  "shred.title": "Das Konto von {name} endgültig löschen?",
  "shred.about":
    "Das lässt sich nicht rückgängig machen. Das Konto kommt nicht in den Papierkorb und lässt sich nicht wieder aktivieren.",
  "shred.goes":
    "Alles, was nur zu diesem Konto gehört, wird sofort gelöscht: Dateien mit allen Versionen, Papierkorb, angefangene Uploads, Kommentare, Links, Zugangsschlüssel, Geräte, Mitteilungen, Name und Adresse.",
  "shred.stays":
    "Andere behalten ihre Kopien und die Dateien, die dieses Konto in ihre Ordner gelegt hat. Die Geräte des Kontos behalten die Dateien auf ihren Platten.",
  "shred.files": {
    one: "{count} Datei, einschließlich Papierkorb",
    other: "{count} Dateien, einschließlich Papierkorb",
  },
  "shred.versions": { one: "{count} Version", other: "{count} Versionen" },
  "shred.sharedWith": {
    one: "geteilt mit {count} Person, Gruppe oder Link",
    other: "geteilt mit {count} Personen, Gruppen und Links",
  },
  "shred.sharedWithNobody": "nicht geteilt",
  "shred.written": {
    one: "{count} der Dateien wurde zuletzt von einem anderen Konto geändert. Auch sie wird gelöscht.",
    other: "{count} der Dateien wurden zuletzt von anderen Konten geändert. Auch sie werden gelöscht.",
  },
  "shred.staying": {
    one: "{count} Datei, die das Konto in Ordner anderer gelegt hat, bleibt dort.",
    other: "{count} Dateien, die das Konto in Ordner anderer gelegt hat, bleiben dort.",
  },
  "shred.type": "Gib zur Bestätigung die E-Mail-Adresse des Kontos ein",
  "shred.typeWrong": "Das ist nicht die Adresse des Kontos. Nichts wurde gelöscht.",
  "shred.act": "Endgültig löschen",
  "shred.refused":
    "Das Konto lässt sich gerade nicht löschen: Es wurde wieder aktiviert, oder eine Übertragung von oder zu ihm läuft. Nichts wurde gelöscht.",
  "shred.of": "Das Konto von {name} wird gelöscht",
  "shred.running": "Das Konto wird gelöscht",
  "shred.runningAbout": "Du kannst das schließen, die Löschung läuft weiter. Auf großen Servern dauert sie eine Weile.",
  "shred.rights": "Freigaben werden entfernt.",
  "shred.rows": "Namen, Dateien und andere Einträge werden entfernt.",
  "shred.blocks": "Inhalte, die kein anderes Konto benutzt, werden entfernt.",
  "shred.packs": "Der Speicher wird ohne diese Inhalte neu geschrieben.",
  "shred.database": "Die Datenbank wird neu geschrieben.",
  "shred.copies": "Kopien der Datenbank werden ersetzt.",
  "shred.waiting": "Wartet und geht von selbst weiter",
  "shred.done": "Auf diesem Server ist nichts mehr von diesem Konto",
  "shred.backup":
    "Frühere Sicherungen in {place} enthalten das Konto noch. Erstelle mit „holdfast admin backup {place} --keep 1“ eine ohne das Konto, und entferne damit die anderen.",
  "shred.noBackup": "Falls es frühere Sicherungen gibt, enthalten sie das Konto noch. Dieser Server kennt keine.",
} as const;
