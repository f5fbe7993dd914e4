export const edit = {
  "edit.text": "Text von {name}",
  "edit.save": "Speichern",
  "edit.saved": "Gespeichert",
  "edit.changed": "Noch nicht gespeichert",
  "edit.close": "Schließen",
  "edit.back": "Zurück zum Ordner",
  "edit.noText": "Diese Datei ist kein Text und lässt sich hier nicht bearbeiten.",
  "edit.mixedEnds":
    "Die Zeilen dieser Datei enden verschieden, was der Editor nicht erhalten könnte. Bearbeite sie mit einem deiner Programme.",
  "edit.draft": "Hier ist Text, den du geschrieben und nicht gespeichert hast.",
  "edit.takeDraft": "Übernehmen",
  "edit.dropDraft": "Verwerfen",
  "edit.byOthers":
    "Diese Datei wurde inzwischen anderswo gespeichert. Beim Speichern werden beide Texte zusammengeführt.",
  "edit.unread":
    "Diese Datei lässt sich gerade nicht lesen. Was du geschrieben hast, bleibt hier, und du kannst es kopieren.",
  "edit.gone":
    "Diese Datei ist nicht mehr da oder nicht mehr mit dir geteilt. Was du geschrieben hast, bleibt hier, bis du gehst: Speichere es als neue Datei oder kopiere es.",
  "edit.saveAsNew": "Als neue Datei speichern",
  "edit.stranded": "Was du hier geschrieben und nicht gespeichert hast, ist noch in diesem Browser:",
  "edit.strandedText": "Was du geschrieben und nicht gespeichert hast",
  "edit.merge": "Inzwischen anderswo gespeichert",
  "edit.mergeClean": "Beide Änderungen passen zusammen. Übernimm den Text, sieh ihn an und speichere.",
  "edit.mergeConflicts": {
    one: "{count} Stelle wurde hier und anderswo geändert. Wähle, was bleibt, sieh den Text an und speichere.",
    other: "{count} Stellen wurden hier und anderswo geändert. Wähle, was bleibt, sieh den Text an und speichere.",
  },
  "edit.mergeTake": "Zusammengeführten Text übernehmen",
  "edit.mergeBack": "Zurück zu meinem Text",
  "edit.choose": "Stelle {count}",
  "edit.mine": "Meins",
  "edit.theirs": "Das andere",
  "edit.both": "Beides, meins zuerst",
  "edit.leave": "Gehen, ohne zu speichern?",
  "edit.leaveAbout":
    "Was du geschrieben hast, bleibt in diesem Browser und wird dir wieder angeboten, wenn du die Datei öffnest.",
  "edit.leaveGone":
    "Die Datei ist nicht mehr da und lässt sich nicht wieder öffnen. Speichere zuerst als neue Datei, was du geschrieben hast, oder kopiere es.",
  "edit.stay": "Bleiben",
  "edit.leaveDo": "Gehen",
  "edit.show": "Vorschau",
  "edit.preview": "Vorschau von {name}",
} as const;
