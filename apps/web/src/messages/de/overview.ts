export const overview = {
  "overview.health": "Zustand",
  "overview.again": "Noch einmal prüfen",
  "overview.checked": "Geprüft {when}",
  "overview.well": "Alles in Ordnung",
  "overview.wellAbout":
    "Der Server hat Platten, Schlüssel, Datenbanken, Backups und Aufträge geprüft und keine Probleme gefunden.",
  "overview.problems": { one: "{count} Problem", other: "{count} Probleme, das ernsteste zuerst" },
  "overview.facts": "Auf einen Blick",
  "overview.diskUsed": "{percent} belegt, {free} frei",
  "overview.backup": "Letztes Backup",
  "overview.interval": "Abstand der Backups",
  "overview.notScheduled": "Nicht geplant",
  "overview.noSchedule": "Es sind keine Backups geplant",
  "overview.noScheduleNext":
    "Führe diesen Befehl auf dem Rechner des Servers aus, mit einem Ordner auf einer anderen Platte (docs/operation.md, Backups).",
  "overview.command": "Befehl für tägliche Backups",
  "overview.drill": "Letzte Probe der Wiederherstellung",
  "overview.drillProblems": { one: "{count} Problem", other: "{count} Probleme" },
  "overview.never": "Nie",
  "overview.files": "Dateien und Ordner, mit Papierkorb",
  "overview.version": "Version",
} as const;
