import type { Script } from "./scene.ts";

const upToDate = /in sync|up to date/;

export const readme: Script = {
  standIns: [
    // Already installed here. A new checkout is tested by hand, because it downloads some hundred MB.
    ["npm ci && npm start", 'cd "$ROOT" && npm start'],
    ["http://127.0.0.1:8420", "$SERVER"],
    [
      "holdfast login https://your-server",
      "holdfast login $SERVER --email you@example.com --password-stdin < password.txt",
    ],
    ["--email you@example.com", "--email you@example.com --password-stdin < password.txt"],
  ],
  before: {
    "npx holdfast put ~/Documents /": "mkdir -p ~/Documents/letters && echo dear > ~/Documents/letters/one.txt",
  },
  endless: {
    "holdfast sync ~/Drive": { shows: upToDate },
    "npm ci && npm start": { shows: /holdfast ready at/, stays: true },
    "npx holdfast sync ~/Drive": { shows: upToDate },
  },
  // Exit code of npx after Ctrl-C.
  codes: { "npx holdfast sync ~/Drive": 130 },
  notRun: {
    "npm ci": "it is installed here already; a checkout of its own is made by hand",
    "npm ci && npm test": "it is what runs this",
  },
};

const signIn = `curl -sS --fail-with-body -X POST "$SERVER/api/v1/sessions" -H 'content-type: application/json' \
  -d "{\\"email\\":\\"you@example.com\\",\\"password\\":\\"$NEW\\"}" | pick j.access_token`;

const makeAppPassword = `curl -sS --fail-with-body -X POST "$SERVER/api/v1/tokens/app-passwords" -H "Authorization: Bearer $(${signIn})" \
  -H 'content-type: application/json' -d "{\\"name\\":\\"a program\\",\\"scopes\\":[\\"files:read\\"],\\"password\\":\\"$NEW\\"}" | pick j.app_password`;

export const api: Script = {
  standIns: [
    ["curl ", "curl -sS --fail-with-body "],
    ['"password":"…"', '"password":"correct horse battery staple"'],
    ['"$AUTH"', `"Authorization: Bearer $(${signIn})"`],
    ["$UPLOAD_URL", '"$(cat upload_url)"'],
    ["$APP_PASSWORD", `$(${makeAppPassword})`],
    ["bytes 0-5242879/", "bytes 0-1023/"],
    [`"size":10737418240}'`, `"size":10737418240}' | pick j.upload_url > upload_url`],
    [
      "$TOKEN",
      `$(curl -sS "$SERVER/api/v1/changes/start_token" -H "Authorization: Bearer $(${signIn})" | pick 'j.token ?? j.start_token')`,
    ],
    ["Timeout: 60", "Timeout: 1"],
  ],
  before: {
    [`curl -X POST "$SERVER/api/v1/files/upload?uploadType=media&path=/notes.txt" -H "$AUTH" --data-binary @notes.txt`]:
      "echo notes > notes.txt; head -c 1024 /dev/zero > piece",
  },
  notRun: { "Holdfast-Signature: t=1900000000,v1=5257a869e7…": "a header, not a command" },
};
