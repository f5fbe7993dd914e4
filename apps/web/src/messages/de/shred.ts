export const shred = {
  "shred.menu": "Endgültig entfernen…",
  "shred.leaves": "gelöscht; wird am {when} von selbst endgültig entfernt",
  "shred.title": "Das Konto von {name} endgültig entfernen?",
  "shred.about":
    "Nichts bringt es zurück: Es gibt dafür keinen Papierkorb und keine Frist, in der es sich wieder einschalten ließe.",
  "shred.goes":
    "Alles, was nur zu diesem Konto gehört, ist sofort weg: Dateien mit allen Versionen, Papierkorb, angefangene Uploads, Kommentare, Links, Zugangsschlüssel, Geräte und Benachrichtigungen, der Name und die Adresse.",
  "shred.stays":
    "Was andere haben, bleibt bei ihnen: Kopien, die sie gemacht haben, und was das Konto in ihre Ordner gelegt hat. Seine Geräte behalten die Dateien auf ihren Platten.",
  "shred.files": { one: "{count} Datei, mit denen im Papierkorb", other: "{count} Dateien, mit denen im Papierkorb" },
  "shred.versions": { one: "{count} Version", other: "{count} Versionen" },
  "shred.sharedWith": {
    one: "geteilt mit {count} Person, Gruppe oder Link",
    other: "geteilt mit {count} Personen, Gruppen und Links",
  },
  "shred.sharedWithNobody": "mit niemandem geteilt",
  "shred.written": {
    one: "{count} der Dateien kam zuletzt von einem anderen Konto. Auch sie wird entfernt.",
    other: "{count} der Dateien kamen zuletzt von anderen Konten. Auch sie werden entfernt.",
  },
  "shred.staying": {
    one: "{count} Datei, die das Konto in Ordnern anderer geschrieben hat, bleibt dort.",
    other: "{count} Dateien, die das Konto in Ordnern anderer geschrieben hat, bleiben dort.",
  },
  "shred.type": "Gib zum Fortfahren die Adresse des Kontos ein",
  "shred.typeWrong": "Das ist nicht die Adresse des Kontos. Nichts wurde entfernt.",
  "shred.act": "Endgültig entfernen",
  "shred.refused":
    "Gerade lässt es sich nicht entfernen: Es wurde wieder eingeschaltet, oder es wird etwas von oder zu ihm übergeben. Nichts wurde entfernt.",
  "shred.of": "Das Konto von {name} wird entfernt",
  "shred.running": "Es wird entfernt",
  "shred.runningAbout":
    "Es geht von selbst weiter, auch wenn du das hier schließt. Auf großen Servern dauert es eine Weile.",
  "shred.rights": "Was geteilt war, endet.",
  "shred.rows": "Namen, Dateien und alles andere Verzeichnete verschwinden.",
  "shred.blocks": "Inhalte, die sonst niemand hat, verschwinden.",
  "shred.packs": "Was gespeichert ist, wird ohne das Konto neu geschrieben.",
  "shred.database": "Die Datenbank wird ohne das Konto neu geschrieben.",
  "shred.copies": "Was von der Datenbank kopiert war, wird neu gemacht.",
  "shred.waiting": "Es wartet und geht danach von selbst weiter",
  "shred.done": "Auf diesem Server ist nichts mehr davon",
  "shred.backup":
    "Sicherungen von vorher haben es noch: die in {place}. Mach mit „holdfast admin backup {place} --keep 1“ eine ohne das Konto und entferne die anderen.",
  "shred.noBackup": "Gibt es Sicherungen von vorher, haben sie es noch. Dieser Server weiß von keiner.",
} as const;
