export const access = {
  "access.about":
    "Wer einen zweiten Faktor braucht und von welchen Adressen aus Konten benutzt werden dürfen. Ein Konto muss die Regeln des Servers, seiner Gruppen und seine eigene erfüllen.",
  "access.new": "Neue Regel",
  "access.server": "Alle Konten",
  "access.group": "Gruppe",
  "access.account": "Konto",
  "access.nothing": "Keine Anforderungen",
  "access.factorSince": "Ein zweiter Faktor ist ab {when} Pflicht",
  "access.onlyFrom": "Nur von {networks}",
  "access.ownOnlyFrom": "Vom Konto selbst festgelegt: nur von {networks}",
  "access.change": "Ändern",
  "access.changeFor": "Regel für {name} ändern",
  "access.factor": "Zweiten Faktor verlangen",
  "access.factorHint": "Eine Authenticator-App oder ein Passkey zusätzlich zum Passwort.",
  "access.days": "Frist in Tagen",
  "access.daysHint":
    "In dieser Zeit werden Konten ohne zweiten Faktor nur erinnert. Danach müssen sie zuerst einen einrichten. 0: keine Frist.",
  "access.daysBad": "Gib eine ganze Zahl von 0 bis {max} ein.",
  "access.networks": "Erlaubte Adressen",
  "access.networksHint":
    "Eine Adresse oder ein Netz pro Zeile, etwa 192.0.2.0/24 oder 2001:db8::/32. Leer: jede Adresse ist erlaubt. Dieser Browser hat die Adresse {address}.",
  "access.noNetwork":
    "Eine der Zeilen ist weder eine Adresse noch ein Netz. Gib sie ein wie 192.0.2.7, 192.0.2.0/24 oder 2001:db8::/32.",
  "access.shutsOut":
    "Damit würdest du dich aussperren: Dieser Browser hat die Adresse {address}. Füge sie hinzu oder ein Netz, das sie enthält.",
  "access.nobody": "Es wurde keine solche Gruppe und kein solches Konto gefunden.",
  "access.ofWhom": "Gilt für",
  "access.ofGroup": "Mitglieder einer Gruppe",
  "access.ofAccount": "Ein Konto",
  "access.choose": "Wählen…",
  "access.email": "E-Mail-Adresse des Kontos",
  "access.own": "Erlaubte Adressen",
  "access.ownAbout":
    "Die Adressen, von denen aus dein Konto benutzt werden kann. Ein gestohlenes Passwort, ein Token oder ein Laptop funktioniert anderswo nicht.",
  "access.ownProve": "Deine Geräte und Programme an anderen Adressen funktionieren sofort nicht mehr.",
  "access.anywhere": "Von überall",
} as const;
