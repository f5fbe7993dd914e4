/** Von dem, was verlangt wird, wenn jemand für ein Konto handelt. */
export const access = {
  "access.about":
    "Wer einen zweiten Faktor braucht, und von wo aus Konten benutzt werden dürfen. Was für den Server, eine Gruppe und ein Konto verlangt wird, gilt zusammen.",
  "access.new": "Neue Regel",
  "access.server": "Alle Konten",
  "access.group": "Gruppe",
  "access.account": "Konto",
  "access.nothing": "Nichts wird verlangt",
  "access.factorSince": "Ein zweiter Faktor ist ab {when} Pflicht",
  "access.onlyFrom": "Nur von {networks}",
  "access.ownOnlyFrom": "So sagt es das Konto selbst: nur von {networks}",
  "access.change": "Ändern",
  "access.changeFor": "Regel für {name} ändern",
  "access.factor": "Zweiten Faktor verlangen",
  "access.factorHint": "Eine Authenticator-App oder ein Passkey neben dem Passwort.",
  "access.days": "Tage Aufschub",
  "access.daysHint":
    "So lange wird nur erinnert, wer keinen hat. Danach ist nichts möglich, als einen einzurichten. 0: sofort.",
  "access.daysBad": "Schreib eine ganze Zahl von Tagen, von 0 bis {max}.",
  "access.networks": "Erlaubte Adressen",
  "access.networksHint":
    "In jeder Zeile eine Adresse oder ein Netz, etwa 192.0.2.0/24 oder 2001:db8::/32. Leer: von überall. Dieser Browser ist unter {address}.",
  "access.noNetwork":
    "Davon ist etwas weder Adresse noch Netz. Schreib sie wie 192.0.2.7, 192.0.2.0/24 oder 2001:db8::/32.",
  "access.shutsOut":
    "Damit wärst du selbst ausgesperrt: Dieser Browser ist unter {address}. Nimm diese Adresse dazu, oder ein Netz, in dem sie liegt.",
  "access.nobody": "Es gibt keine solche Gruppe und kein solches Konto.",
  "access.ofWhom": "Für",
  "access.ofGroup": "Die Mitglieder einer Gruppe",
  "access.ofAccount": "Ein Konto",
  "access.choose": "Wählen…",
  "access.email": "E-Mail-Adresse des Kontos",
  "access.own": "Erlaubte Adressen",
  "access.ownAbout":
    "Von wo aus dein Konto benutzt werden darf: Ein gestohlenes Passwort, Token oder Laptop ist anderswo dann nichts wert.",
  "access.ownProve": "Deine Geräte und Programme anderswo hören sofort auf.",
  "access.anywhere": "Von überall",
} as const;
