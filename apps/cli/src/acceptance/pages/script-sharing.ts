import type { Script } from "./scene.ts";

const bob = "as bob@example.org ";
const ann = "as ann@example.org ";
const carol = "as carol@example.org ";

export const sharing: Script = {
  standIns: [
    ["holdfast share ", `${ann}holdfast share `],
    ["holdfast permissions /holiday", `${ann}holdfast permissions /holiday`],
    ["holdfast unshare ", `${ann}holdfast unshare `],
    ["holdfast link ", `${ann}holdfast link `],
    ["holdfast transfer ", `${ann}holdfast transfer `],
    ["holdfast rewind ", `${ann}holdfast rewind `],
    ["--to 2m", '--to "$(cat moment)"'],
    [
      "link rm 01a1ffc9-8635-84ef-87f6-7232eefc95db",
      `link rm "$(${ann}holdfast link ls --json | pick 'j.items[0].id')"`,
    ],
    ["holdfast shared", `${bob}holdfast shared`],
    ["holdfast mount ", `${bob}holdfast mount `],
    ["holdfast put bob.txt", `${bob}holdfast put bob.txt`],
    ["holdfast rm /holiday/c.txt", `${bob}holdfast rm /holiday/c.txt`],
    ["holdfast cp ", `${bob}holdfast cp `],
    ["holdfast mv ", `${bob}holdfast mv `],
    ["holdfast comment ", `${carol}holdfast comment `],
    ["holdfast sync ~/Drive", `${carol}holdfast sync ~/Drive`],
  ],
  before: {
    "holdfast share /holiday --with bob@example.org --role editor --message 'The photos'": `
      holdfast login $SERVER --email you@example.com --password-stdin < password.txt
      join ann@example.org; join bob@example.org; join carol@example.org; join dave@example.org
      mkdir -p holiday/pics; for name in a.txt c.txt pics/b.txt; do echo $name > holiday/$name; done
      ${ann}holdfast put holiday /holiday; ${ann}holdfast mkdir /inbox /projects /box
      ${ann}holdfast share /holiday --with carol@example.org --role viewer; ${carol}holdfast mount holiday
      echo bob > bob.txt`,
    "holdfast mount box": `${ann}holdfast share /box --with bob@example.org --role uploader`,
    "holdfast sync ~/Drive --once": `${carol}holdfast sync ~/Drive --once; echo mine > ~/Drive/holiday/a.txt`,
    "holdfast rewind /holiday --to 2m --dry-run": `sleep 1; date -u +%FT%TZ > moment; sleep 1; ${ann}holdfast mkdir /holiday/private`,
  },
  codes: {
    "holdfast comment /holiday hello": 3,
    "holdfast unshare /holiday --with dave@example.org": 4,
    "holdfast mount box": 3,
    "holdfast sync ~/Drive --once": 1,
    "holdfast mv /holiday/pics/b.txt /b.txt": 2,
  },
};
