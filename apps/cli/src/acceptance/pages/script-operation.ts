import type { Script } from "./scene.ts";

const login = "holdfast login $SERVER --email you@example.com --password-stdin < password.txt";
const elsewhere = (test: string): string => `run by ${test}`;
const audit = "the audit is read by jq where that is installed; what it reads is held by admin-audit.pg.test.ts";

export const operation: Script = {
  standIns: [
    ["--data DIR", '--data "$HOLDFAST_DATA"'],
    ["/mnt/backups", '"$HOME/backups"'],
    ["backup DIR", 'backup "$HOME/backups"'],
    ["2027-01-31T09:00:00.123456Z", '"$(cat moment)"'],
    ["devices rm ID", `devices rm "$(holdfast devices --json | pick 'j.items.find(i => i.name === "old").id')"`],
    ["0.0.0.0:8420", '0.0.0.0:0 --data "$HOME/second"'],
    // There are no entries this far in the future.
    ["--from 2027-03-01T00:00:00Z", "--from 30d"],
    ["shred ann@example.org", "shred ann@example.org --yes"],
  ],
  before: {
    "holdfast admin backup /mnt/backups": login,
    "holdfast rewind / --to 2027-01-31T09:00:00.123456Z":
      "sleep 1; date -u +%FT%TZ > moment; sleep 1; holdfast mkdir /new",
    "holdfast devices rm ID":
      "HOLDFAST_CONFIG_DIR=$HOME/old holdfast login $SERVER --email you@example.com --device-name old --password-stdin < password.txt",
    "holdfast admin require-second-factor on --group Office":
      "holdfast admin groups create Office; join ann@example.org",
  },
  // The caller has another address, and would lose access.
  codes: { "holdfast admin allow-addresses 192.0.2.0/24 2001:db8::/32": 5 },
  endless: {
    "holdfast serve --listen 0.0.0.0:8420 --tls-cert nas.crt --tls-key nas.key": { shows: /holdfast ready at https/ },
  },
  notRun: {
    "holdfast serve --acme drive.example.org": elsewhere("certificate.pg.long.test.ts, with an authority of its own"),
    "holdfast serve --acme drive.example.org --listen 0.0.0.0:8420": elsewhere("certificate.pg.long.test.ts"),
    "HOLDFAST_KEY_ENCRYPTION_KEY=vault:https://vault.example.org:8200/transit/holdfast":
      "a setting; key-services.pg.test.ts reads it",
    "HOLDFAST_KEY_ENCRYPTION_KEY=aws-kms:alias/holdfast?region=eu-central-1":
      "a setting; key-services.pg.test.ts reads it",
    "holdfast admin shards add east": elsewhere("shard-move.pg.long.test.ts, with a second database"),
    "holdfast admin shards move 2048-4095 --to east --dry-run": elsewhere("shard-move.pg.long.test.ts"),
    "holdfast admin shards move 2048-4095 --to east": elsewhere("shard-move.pg.long.test.ts"),
    "holdfast admin jobs retry ID": elsewhere("admin-jobs.pg.test.ts, where a job was given up"),
    "holdfast admin jobs rm ID": elsewhere("admin-jobs.pg.test.ts, where a job was given up"),
    "holdfast admin reports resolve ID --action none": elsewhere(
      "admin-reports.pg.test.ts, with a link that is reported",
    ),
    "holdfast admin reports resolve ID --action disable_link": elsewhere("admin-reports.pg.test.ts"),
    "holdfast admin reports resolve ID --action suspend_account": elsewhere("admin-reports.pg.test.ts"),
    "holdfast admin users end-second-factor ann@example.org": elsewhere(
      "second-factor.pg.test.ts, with somebody who has one",
    ),
    "holdfast devices resume ID": elsewhere("device-brake.pg.long.test.ts, with a device that was stopped"),
    "The block store is not available: the index lists packs, but the store has neither packs nor a keyring. Is its disk mounted?":
      "what the server says",
    '{"format": "holdfast keyring 1", "keys": []}': "what a file holds",
    "holdfast admin restore-backup /mnt/backups --data /srv/restored": elsewhere(
      "accidents-page.pg.long.test.ts, where the server has stopped",
    ),
    "holdfast admin restore-backup /mnt/backups --data /srv/restored --at 2027-01-31T09:00:00Z --key ./key-encryption-key":
      elsewhere("the tests of the backup, which know a moment"),
    "holdfast serve --data /srv/restored": elsewhere("accidents-page.pg.long.test.ts"),
    "holdfast admin shards renew-epochs --all --data DIR": elsewhere(
      "failover.pg.test.ts, with a database that lost changes",
    ),
    "holdfast admin shards renew-epochs east --dry-run": elsewhere("failover.pg.test.ts"),
    "holdfast admin shards renew-epochs east": elsewhere("failover.pg.test.ts"),
    "holdfast admin upgrade-database --data DIR": elsewhere(
      "the tests of the upgrade, with a database of another version",
    ),
    "holdfast admin upgrade-database --data DIR --remove-old": elsewhere("the tests of the upgrade"),
    "holdfast serve --data DIR": elsewhere("the tests of the upgrade"),
    "holdfast admin rebuild --from /srv/holdfast/store --key /srv/holdfast/key-encryption-key --data /srv/rebuilt":
      elsewhere("accidents-page.pg.long.test.ts, where the database is lost"),
    "holdfast serve --data /srv/rebuilt": elsewhere("accidents-page.pg.long.test.ts"),
    [`jq 'select(.node_ids[]? == "NODE" and .result == "ok")' audit.jsonl`]: audit,
    [`jq 'select(.device_id == "DEVICE")' audit.jsonl`]: audit,
    [`jq 'select(.credential_id == "PERMISSION" or .detail.permission_id == "PERMISSION")' audit.jsonl`]: audit,
    [`jq 'select(.action == "session.start" and .result != "ok")' audit.jsonl`]: audit,
  },
};

export const identity: Script = {
  standIns: [],
  before: { 'holdfast token create "identity system" --scopes scim': login },
};
