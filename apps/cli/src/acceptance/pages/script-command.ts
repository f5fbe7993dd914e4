import type { Script } from "./scene.ts";

const upToDate = /in sync|up to date/;
const login = `holdfast login $SERVER --email you@example.com --password-stdin < password.txt`;
const elsewhere = (test: string): string => `run by ${test}`;

export const command: Script = {
  standIns: [
    ["holdfast login https://drive.example", login],
    ["holdfast login http://127.0.0.1:8420", "holdfast login $SERVER"],
    ["--email me@example.org", "--email you@example.com"],
    ["https://drive.example/s/hfl_…", "$(cat link)"],
    [
      "HOLDFAST_SERVER=https://drive.example HOLDFAST_TOKEN=hfp_…",
      'HOLDFAST_SERVER=$SERVER HOLDFAST_TOKEN="$(cat token)"',
    ],
    ["--folder /Photos", "--folder /Photos --password-stdin < password.txt"],
    ["token rm ID", `token rm "$(holdfast token ls --json | pick 'j.items[0].id')"`],
    [
      "01a1ff19-0d42-88bb-95ce-d64679dac31e/",
      `"$(holdfast ls / --json | pick 'j.items.find(i => i.name === "photos").id')/"`,
    ],
    ["rewind undo ID", 'rewind undo "$(holdfast rewind /Documents --to "$(cat moment)" --json | pick j.rewind_id)"'],
    ["--to 2h", '--to "$(cat moment)"'],
    ["/mnt/backups", '"$HOME/backups"'],
    [
      "transfer accept ID",
      `transfer accept "$(holdfast transfer ls --json | pick 'j.items.find(i => i.node.name === "Theirs").id')"`,
    ],
    [
      "transfer cancel ID",
      `transfer cancel "$(holdfast transfer ls --json | pick 'j.items.find(i => i.node.name === "Projects").id')"`,
    ],
    ["serve --data /srv/holdfast", 'serve --data "$HOME/second"'],
    ["pg_dump shop", "echo shop"],
    ["127.0.0.1:8420", "127.0.0.1:0"],
    ["0.0.0.0:8420", '0.0.0.0:0 --data "$HOME/second"'],
    // These commands ask on a terminal.
    ["--quota 100G", "--quota 100G --password-stdin < password.txt"],
    ["reset-password ann@example.org", "reset-password ann@example.org --password-stdin < password.txt"],
    ["users rm ann@example.org", "users rm ann@example.org --yes"],
  ],
  before: {
    "holdfast token create backup --scopes files:read,files:write --expires 90d": `${login}; echo report > report.odt
      holdfast token create script --scopes files:read,files:write --json | pick 'j.secret ?? j.token' > token`,
    "holdfast app-passwords add camera --folder /Photos": "holdfast mkdir /Photos",
    "holdfast put report.odt /documents/": `holdfast mkdir /documents; mkdir -p photos/raw folder; echo a > a.jpg; echo b > b.jpg
      echo c > photos/c.jpg; echo raw > photos/raw/d.raw; echo f > folder/f`,
    "holdfast get /documents/report.odt --version 3 old.odt": `for n in 2 3; do echo $n > report.odt; holdfast put report.odt /documents/; done`,
    "holdfast cat /notes.txt": "echo notes > notes.txt; holdfast put notes.txt /",
    "holdfast sync ~/Drive --exclude photos/raw": "holdfast put photos /photos",
    "holdfast mv /draft.txt /final.txt": `for name in draft.txt a.jpg b.jpg old.txt secret.txt; do holdfast put notes.txt /$name; done
      holdfast rm /photos/a.jpg /photos/b.jpg /backup/photos`,
    "holdfast share /photos/2026 --with ann@example.com --role viewer": `join ann@example.com; join bob@example.com; join anna@example.com
      holdfast mkdir /project /songs /inbox /Documents /Projects; holdfast admin groups create Choir
      holdfast admin groups add Choir you@example.com`,
    "holdfast mount holiday": `as bob@example.com holdfast mkdir /holiday
      as bob@example.com holdfast share /holiday --with you@example.com --role editor`,
    "holdfast ls -R https://drive.example/s/hfl_…": "holdfast put notes.txt /photos/; holdfast link /photos > link",
    "holdfast put report.odt https://drive.example/s/hfl_… --password-stdin < password.txt":
      "holdfast link /inbox --role uploader --password-stdin < password.txt > link",
    "holdfast versions /report.odt": "for n in 4 5 6; do echo $n > report.odt; holdfast put report.odt /; done",
    "holdfast versions diff /notes.txt": "echo more >> notes.txt; holdfast put notes.txt /",
    "holdfast rewind /Documents --to 2h --dry-run":
      "sleep 1; date -u +%FT%TZ > moment; sleep 1; holdfast mkdir /Documents/new",
    "holdfast rewind undo ID": "holdfast mkdir /Documents/newer",
    "holdfast transfer accept ID": `as anna@example.com holdfast mkdir /Theirs
      as anna@example.com holdfast transfer /Theirs --to you@example.com`,
    "holdfast serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem":
      "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem",
    "holdfast admin users add ann@example.org --quota 100G": `holdfast admin groups rm Choir
      holdfast admin users rename ann@example.com ann@example.net`,
    "holdfast admin users rm ann@example.org": "join ann@example.org",
    "holdfast admin users confirm ann@example.org": "join ann@example.org",
    "holdfast admin users invite ann@example.org": "holdfast admin users rm ann@example.org --yes",
    "holdfast admin allow-addresses 192.0.2.0/24 --group Office": "holdfast admin groups create Office",
    "holdfast admin groups create Choir": "join ann@example.org",
    "holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast":
      "mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc ~/.config/fish/completions",
  },
  codes: {
    "holdfast admin users end-second-factor ann@example.org": 5,
    "holdfast status --watch": 130,
  },
  endless: {
    "holdfast sync ~/Drive": { shows: upToDate },
    "holdfast sync ~/Photos --remote /photos": { shows: upToDate },
    "holdfast sync ~/Drive --limit-up 500K --limit-down 2M": { shows: upToDate },
    "holdfast sync ~/Drive --exclude photos/raw": { shows: upToDate },
    "holdfast sync ~/Drive --include photos/raw": { shows: upToDate },
    "holdfast status --watch": { shows: /Drive/ },
    "holdfast serve --data /srv/holdfast --listen 127.0.0.1:8420": { shows: /holdfast ready at/ },
    "holdfast serve --listen 0.0.0.0:8420 --tls-cert cert.pem --tls-key key.pem": { shows: /holdfast ready at https/ },
  },
  notRun: {
    "holdfast serve": "the server of this test was begun so",
    "holdfast serve --acme drive.example.org": elsewhere("certificate.pg.long.test.ts, with an authority of its own"),
    "holdfast admin region": elsewhere("regions.pg.test.ts, with databases in two regions"),
    "holdfast account address ada@new.example": elsewhere(
      "account.pg.test.ts, with an account that nobody needs any more",
    ),
    "holdfast account delete": elsewhere("account.pg.test.ts, with an account that nobody needs any more"),
    "holdfast addresses only 192.0.2.0/24 2001:db8::/32": elsewhere("admin-access-rules.pg.test.ts, behind a proxy"),
    "holdfast second-factor on": elsewhere("second-factor.pg.test.ts, on a terminal"),
    "holdfast conflicts keep copy PATH": elsewhere("everyday-page.pg.long.test.ts, where there is a conflict"),
    "holdfast passwd": elsewhere("accounts.pg.test.ts, from standard input"),
    "holdfast login https://192.168.1.20:8420 --fingerprint SHA256:3f6c…": elsewhere("login-tls.pg.test.ts"),
    "holdfast login https://nas.local:8420 --ca-cert nas.crt": elsewhere("login-tls.pg.test.ts"),
    "holdfast rules": elsewhere("rules.pg.test.ts"),
    "holdfast rules approve": elsewhere("rules.pg.test.ts"),
    "holdfast rules reject": elsewhere("rules.pg.test.ts"),
    "holdfast deletes": elsewhere("everyday-page.pg.long.test.ts"),
    "holdfast deletes approve": elsewhere("everyday-page.pg.long.test.ts"),
    "holdfast deletes undo": elsewhere("everyday-page.pg.long.test.ts"),
  },
};
