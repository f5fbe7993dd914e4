import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { SecurityChange } from "../../accounts/context/security-change.ts";
import type { RoleName, Words } from "./words.ts";

const rights: Readonly<Record<RoleName, string>> = {
  viewer: "Sie dürfen es ansehen und herunterladen.",
  commenter: "Sie dürfen es ansehen, herunterladen und kommentieren.",
  editor: "Sie dürfen es ändern.",
  uploader: "Sie dürfen Dateien hineinlegen.",
  owner: "Es gehört Ihnen.",
};

const checkNames: Readonly<Record<string, string>> = {
  disk: "Platz auf den Platten",
  database: "die Datenbank",
  clock: "Uhren",
  keys: "Schlüssel",
  store: "der Speicher",
  copies: "der zweite Speicher",
  metadata: "Metadaten im Speicher",
  blocks: "gespeicherte Blöcke",
  jobs: "aufgegebene Aufgaben",
  audit: "das Protokoll der Zugriffe",
  backup: "Backups",
  drill: "ob sich das Backup zurückspielen lässt",
  certificate: "das Zertifikat",
  issuer: "die Anmeldung über einen anderen Dienst",
  ldap: "der LDAP-Server",
};

export const german: Words = {
  invitation: ({ by, address, node, role, host }) => ({
    title: `${by} lädt Sie zu „${node}“ ein`,
    more: [
      `${by} (${address}) teilt „${node}“ auf ${host} mit Ihnen. ${rights[role]}`,
      "Dazu brauchen Sie dort ein Konto. Der Link legt eines für diese E-Mail-Adresse an, und für keine andere.",
    ],
  }),
  invitationAction: "Konto anlegen",
  invitationExpires: (day) => `Die Einladung gilt bis ${day}.`,
  confirmation: (facts) => ({
    title: "Bestätigen Sie Ihre E-Mail-Adresse",
    more: [
      accountToConfirm(facts),
      "Wenn dieses Konto Ihres ist, bestätigen Sie die Adresse. Vorher melden Sie sich an diesem Konto an.",
      "Wenn es nicht Ihres ist, bestätigen Sie nicht: Alles, was andere mit dieser Adresse teilen, bekäme dann dieses Konto.",
    ],
  }),
  passwordReset: (host) => ({
    title: "Ein neues Passwort",
    more: [
      `Jemand, vermutlich Sie, hat das Passwort Ihres Kontos auf ${host} vergessen. Mit diesem Link wählen Sie ein neues; er gilt einmal und eine halbe Stunde lang.`,
      "Danach müssen sich alle Ihre Browser und Geräte neu anmelden, und persönliche Zugangsschlüssel gelten nicht mehr.",
    ],
  }),
  passwordResetAction: "Neues Passwort wählen",
  security: (what, host) => ({ title: security[what].title, more: [security[what].text(host), notYou] }),
  leaving: (day, host) => ({
    title: "Ihr Konto wird gelöscht",
    more: [
      `Jemand, vermutlich Sie, hat Ihr Konto auf ${host} gelöscht. Es ist jetzt gesperrt, und nach dem ${day} ist es mit allem darin endgültig fort.`,
      "Bis dahin bekommen Sie es zurück: Melden Sie sich an und sagen Sie, dass Sie es behalten. Wenn Sie das nicht waren, tun Sie das und wählen Sie ein anderes Passwort.",
    ],
  }),
  confirmationAction: "Adresse bestätigen",
  share: ({ by = german.unknownPerson, node, role }) => ({
    title: `${by} hat „${node}“ mit Ihnen geteilt`,
    more: role === undefined ? [] : [rights[role]],
  }),
  transfer: ({ by = german.unknownPerson, node, id }) => ({
    title: `${by} möchte Ihnen „${node}“ übergeben`,
    more: [
      "Nehmen Sie an, so gehört es Ihnen und zählt zu Ihrem Speicher; wer es bisher besaß, darf es weiter bearbeiten. Bis dahin ändert sich nichts. Das Angebot gilt 14 Tage.",
      `Annehmen: holdfast transfer accept ${id}`,
    ],
  }),
  comment: ({ by = german.unknownPerson, node }) => ({ title: `${by} hat „${node}“ kommentiert`, more: [] }),
  mention: ({ by = german.unknownPerson, node }) => ({
    title: `${by} hat Sie in einem Kommentar zu „${node}“ erwähnt`,
    more: [],
  }),
  watch: ({ by = german.unknownPerson, node, count }) => ({
    title: count > 1 ? `${by} hat in „${node}“ ${count} Änderungen gemacht` : `${by} hat „${node}“ geändert`,
    more: [],
  }),
  quota: ({ percent, used, quota }) => ({
    title: `Ihr Speicher ist zu ${percent} % voll`,
    more: [
      ...(used === undefined || quota === undefined ? [] : [`${used} von ${quota} sind belegt.`]),
      "Ist er voll, wird nichts mehr gespeichert. Löschen Sie, was Sie nicht brauchen, und leeren Sie den Papierkorb. Ein Administrator kann Ihnen mehr geben (Verwaltung, Konten).",
    ],
  }),
  device: ({ device, time, address, country, system, by }) => ({
    title: `Ein neues Gerät hat sich an Ihrem Konto angemeldet: ${device}`,
    more: [
      `Das war am ${time}${address === undefined ? "" : `, von der Adresse ${address}`}${country === undefined ? "" : ` (Netz: ${country})`}${system === undefined ? "" : `, unter ${system}`}${by === undefined ? "" : `, mit ${shown[by]}`}.`,
      "Waren Sie das nicht, dann entfernen Sie das Gerät (Einstellungen, Sicherheit, oder holdfast devices) und wählen Sie sofort ein neues Passwort, oder bitten Sie die Verwaltung darum.",
    ],
  }),
  suspended: ({ device, id, account, rewritten, deleted, moment, command }) => ({
    title: `Ein Gerät wurde angehalten, weil es sehr viele Dateien verändert hat: ${device}`,
    more: [
      ...(account === undefined ? [] : [`Es ist ein Gerät von ${account}.`]),
      `Innerhalb einer Stunde hat es ${rewritten} Dateien überschrieben und ${deleted} Dateien und Ordner gelöscht, wie es Programme tun, die Dateien als Geisel nehmen. Der Server nimmt keine Änderungen mehr von ihm an; was auf dem Gerät ist, bleibt dort.`,
      ...(moment === undefined ? [] : [`Kurz davor, ${moment}, war alles noch wie zuvor.`]),
      ...(command === undefined ? [] : [`Das holen Sie zurück mit: ${command}`]),
      `War alles gewollt, dann lassen Sie das Gerät von einem anderen aus weitermachen: holdfast ${account === undefined ? "" : "admin "}devices resume ${id}`,
    ],
  }),
  deletions: ({ by = "Jemand", node, count, moment, command }) => ({
    title: `${by} hat mindestens ${count} Dateien und Ordner in „${node}“ gelöscht`,
    more: [
      "Sie teilen diesen Ordner. Alles davon liegt in Ihrem Papierkorb.",
      ...(moment === undefined ? [] : [`Kurz davor, um ${moment}, war es noch da.`]),
      ...(command === undefined ? [] : [`So kommt der Ordner auf diesen Stand zurück: ${command}`]),
    ],
  }),
  report: ({ reason, node }) => ({
    title: node === undefined ? "Ein Link wurde gemeldet" : `Ein Link zu „${node}“ wurde gemeldet`,
    more: reason === undefined ? [] : [`Grund: ${reason}.`],
  }),
  server: ({ check, state, detail, advice, was }) => {
    const name = checkNames[check] ?? check;
    const title = {
      ok: `Wieder in Ordnung auf Ihrem Server: ${name}`,
      warn: `Ihr Server warnt: ${name}`,
      fail: `Mit Ihrem Server stimmt etwas nicht: ${name}`,
    }[state];
    const more = [
      ...(detail === undefined ? [] : [`${state === "ok" ? "Er sagt jetzt" : "Er sagt"}: ${detail}`]),
      ...(was === undefined ? [] : [`Was nicht stimmte: ${was}`]),
      ...(advice === undefined ? [] : [`Was zu tun ist: ${advice}`]),
    ];
    return {
      title,
      more: state === "ok" ? more : [...more, "Alles, was der Server jetzt findet: holdfast admin doctor"],
      item: [title, ...more].join("\n"),
    };
  },
  digest: (count, host) => ({
    title: count === 1 ? `Eine Neuigkeit von ${host}` : `${count} Neuigkeiten von ${host}`,
    more: [],
  }),
  andMore: (count) => (count === 1 ? "und eine weitere" : `und ${count} weitere`),
  wrote: (by) => `${by} schrieb (dieser Text ist nicht von uns):`,
  quoted: (line) => `„${line}“`,
  unknownPerson: "Jemand",
  open: (serverName) => `${serverName} öffnen`,
  whyAccount: (host) => `Sie bekommen diese Mail, weil Sie ein Konto auf ${host} haben.`,
  whyStranger: (host) =>
    `Sie bekommen diese Mail, weil jemand auf ${host} Ihre Adresse angegeben hat. Sagt Ihnen das nichts, müssen Sie nichts tun.`,
  whyPasswordReset: "Waren Sie das nicht, müssen Sie nichts tun: Ihr Passwort bleibt, wie es ist.",
  whyConfirmation: "Waren Sie das nicht, müssen Sie nichts tun: Die Adresse bleibt unbestätigt.",
  unsubscribe: "Keine solchen Mails mehr",
  unsubscribePage: {
    title: "Mails von diesem Server",
    ask: (kinds) =>
      `Sie bekommen keine Mails mehr zu: ${kinds.join(", ")}. In Ihren Einstellungen können Sie sie wieder einschalten.`,
    askStranger: "Sie bekommen an diese Adresse keine Einladungen von diesem Server mehr.",
    button: "Abbestellen",
    done: "Erledigt. Sie bekommen keine solchen Mails mehr.",
    unknown: "Dieser Link ist nicht vollständig oder nicht von diesem Server.",
    kinds: {
      share: "was mit Ihnen geteilt wird",
      comment: "Kommentare",
      mention: "Kommentare, die Sie erwähnen",
      watch: "was in beobachteten Ordnern geschieht",
      quota: "vollen Speicher",
      device: "neue Geräte",
      report: "Meldungen",
      server: "was der Server an sich selbst findet",
      digest: "die tägliche Übersicht",
    },
  },
};

function accountToConfirm({ account, moves, host }: Parameters<Words["confirmation"]>[0]): string {
  if (account === undefined) return `Jemand, vermutlich Sie, hat diese Adresse für ein Konto auf ${host} angegeben.`;
  return moves
    ? `Das Konto von ${account} auf ${host} soll zu dieser Adresse umziehen.`
    : `Das Konto von ${account} auf ${host} hat diese Adresse.`;
}

const shown: Readonly<Record<SignInKind, string>> = {
  password: "dem Passwort",
  password_app: "dem Passwort und einem Code der Authenticator-App",
  password_passkey: "dem Passwort und einem Passkey",
  password_recovery_code: "dem Passwort und einem Wiederherstellungscode",
  passkey: "einem Passkey",
  outside: "einem anderen Dienst",
  browser: "der Antwort eines angemeldeten Browsers",
};

const notYou =
  "Waren Sie das nicht, lassen Sie sich sofort auf der Anmeldeseite ein neues Passwort schicken, sehen Sie nach, welche Browser und Geräte angemeldet sind, und bitten Sie einen Administrator um Hilfe.";

const security: Readonly<Record<SecurityChange, { readonly title: string; readonly text: (host: string) => string }>> =
  {
    password: {
      title: "Ihr Passwort wurde geändert",
      text: (host) =>
        `Ihr Konto auf ${host} hat ein neues Passwort. Andere Browser und Geräte müssen sich neu anmelden.`,
    },
    factor_on: {
      title: "Eine Authenticator-App wurde eingerichtet",
      text: (host) =>
        `Zum Anmelden bei Ihrem Konto auf ${host} gehört von nun an ein Code aus ihr, neben dem Passwort.`,
    },
    factor_codes: {
      title: "Neue Wiederherstellungscodes wurden erstellt",
      text: (host) => `Mit den bisherigen Wiederherstellungscodes Ihres Kontos auf ${host} kommt niemand mehr hinein.`,
    },
    factor_code_used: {
      title: "Ein Wiederherstellungscode wurde benutzt",
      text: (host) =>
        `Einer der Wiederherstellungscodes Ihres Kontos auf ${host} wurde benutzt. Jeder gilt nur einmal.`,
    },
    factor_off: {
      title: "Ihr zweiter Faktor wurde abgeschaltet",
      text: (host) => `Zum Anmelden bei Ihrem Konto auf ${host} reicht wieder das Passwort.`,
    },
    factor_ended: {
      title: "Ein Administrator hat Ihren zweiten Faktor aufgehoben",
      text: (host) =>
        `Zum Anmelden bei Ihrem Konto auf ${host} reicht wieder das Passwort. Alle Browser und Geräte müssen sich neu anmelden.`,
    },
    app_password: {
      title: "Ein App-Passwort wurde erstellt",
      text: (host) =>
        `Ein Programm öffnet damit die Dateien Ihres Kontos auf ${host}, ohne Code. Es steht in den Einstellungen unter Zugangsschlüssel und endet dort.`,
    },
    token: {
      title: "Ein persönlicher Zugangsschlüssel wurde erstellt",
      text: (host) =>
        `Programme können damit Ihr Konto auf ${host} nutzen, ohne Passwort und ohne Code, bis er abläuft oder widerrufen wird. Er steht in den Einstellungen unter Zugangsschlüssel.`,
    },
    webhook: {
      title: "Ein Webhook wurde erstellt",
      text: (host) =>
        `Er meldet Änderungen an Dateien Ihres Kontos auf ${host} an eine Webadresse. GET und DELETE /api/v1/webhooks zeigen und entfernen ihn.`,
    },
    transfer: {
      title: "Eine Datei oder ein Ordner wurde einem anderen Konto angeboten",
      text: (host) =>
        `Die Datei oder der Ordner liegt in Ihrem Konto auf ${host}. Nimmt das andere Konto das Angebot an, gehört sie oder er diesem Konto. „holdfast transfer ls“ zeigt Ihre Angebote, und „holdfast transfer cancel ID“ zieht eines zurück. Ein neues Passwort zieht alle zurück.`,
    },
    program: {
      title: "Ein Programm wurde eingelassen",
      text: (host) =>
        `Ein Programm oder ein Gerät wurde in einem angemeldeten Browser zu Ihrem Konto auf ${host} eingelassen. Beides steht in den Einstellungen unter Zugangsschlüssel und Geräte und endet dort.`,
    },
    factor_guessed: {
      title: "Jemand kennt Ihr Passwort",
      text: (host) =>
        `Jemand meldet sich bei Ihrem Konto auf ${host} mit Ihrem Passwort und mit falschen Codes an. Ohne Code kommt niemand hinein, und jeder weitere muss warten. Ändern Sie das Passwort.`,
    },
    passkey_added: {
      title: "Ein Passkey wurde hinzugefügt",
      text: (host) =>
        `Mit ihm meldet man sich von nun an ohne Passwort bei Ihrem Konto auf ${host} an, und wer das Passwort hat, braucht ihn oder einen Code dazu.`,
    },
    passkey_removed: {
      title: "Ein Passkey wurde entfernt",
      text: (host) => `Mit ihm meldet sich niemand mehr bei Ihrem Konto auf ${host} an.`,
    },
    passkey_copied: {
      title: "Ein Passkey scheint kopiert worden zu sein",
      text: (host) =>
        `Einen der Passkeys Ihres Kontos auf ${host} hat ein Gerät gezeigt, das weniger Anmeldungen gezählt hat, als es gab. Niemand kam dadurch hinein. Entfernen Sie diesen Passkey und fügen Sie einen neuen hinzu.`,
    },
    address_wanted: {
      title: "Ihr Konto soll eine andere Adresse bekommen",
      text: (host) =>
        `Jemand, der bei Ihrem Konto auf ${host} angemeldet ist, möchte ihm eine andere E-Mail-Adresse geben. Das Konto wechselt, sobald dem Link gefolgt wird, der dorthin ging; ein neues Passwort nimmt das zurück.`,
    },
    address: {
      title: "Ihr Konto hat eine andere Adresse",
      text: (host) => `Ihr Konto auf ${host} hat jetzt eine andere E-Mail-Adresse. Hierher kommt von ihm nichts mehr.`,
    },
    signed_out: {
      title: "Ihr Konto wurde überall abgemeldet",
      text: (host) =>
        `Jemand aus der Verwaltung von ${host} hat alle Anmeldungen, Zugangsschlüssel, App-Passwörter, Programme, Webhooks und Angebote von Dateien Ihres Kontos beendet. Das Passwort ist unverändert.`,
    },
    own_addresses: {
      title: "Die Netze, aus denen Ihr Konto benutzt werden kann, wurden geändert",
      text: (host) =>
        `Ihr Konto auf ${host} hat eine andere Liste von Netzen, aus denen es benutzt werden kann. Sie steht in den Einstellungen unter Sicherheit. Ein neues Passwort per Mail hebt die Liste auf.`,
    },
    outside_linked: {
      title: "Eine Anmeldung über einen anderen Dienst wurde verknüpft",
      text: (host) =>
        `Mit ihr meldet man sich von nun an ohne Passwort bei Ihrem Konto auf ${host} an. In den Einstellungen steht, welche es ist.`,
    },
    outside_first: {
      title: "Eine Anmeldung über einen anderen Dienst öffnet jetzt Ihr Konto",
      text: (host) =>
        `Jemand mit Ihrer E-Mail-Adresse hat sich zum ersten Mal über einen anderen Dienst bei Ihrem Konto auf ${host} angemeldet. Alles, was das Konto bisher öffnete, gilt nicht mehr: Passwort, Passkeys, App-Passwörter, Zugangsschlüssel, Programme und Webhooks. Alle Browser und Geräte müssen sich neu anmelden. Ihre Dateien sind unverändert.`,
    },
    outside_unlinked: {
      title: "Eine Anmeldung über einen anderen Dienst wurde gelöst",
      text: (host) => `Mit ihr meldet sich niemand mehr bei Ihrem Konto auf ${host} an.`,
    },
  };
