import { prepareApp } from "@holdfast/web/build/prepare-app";
import type { Row } from "../report.ts";
import { webRowNames } from "../row-names.ts";
import { measureFirstList } from "./first-list.ts";
import { measureLargeFolder } from "./large-folder.ts";
import { measureNavigations } from "./navigations.ts";
import { measurePageActs } from "./page-acts.ts";
import { measurePageTasks } from "./page-tasks.ts";
import { measureLargeUploads, measureSmallUploads, type UploadScale } from "./web-uploads.ts";

type WebRowName = (typeof webRowNames)[number];

export interface WebScale extends UploadScale {
  readonly listRounds: number;
  readonly folderRows: number;
  readonly actRounds: number;
  readonly taskFiles: number;
  readonly navigations: number;
}

export interface WebWork {
  readonly folder: string;
  readonly wants: (name: WebRowName) => boolean;
  readonly scale: WebScale;
}

/** Measures the web app in a real Chromium. Each row has its own server. */
export async function measureWeb({ folder, wants, scale }: WebWork): Promise<Row[]> {
  // Builds the app before timing; opening it during the build would wait.
  await prepareApp({ building: () => {}, signal: new AbortController().signal });
  const works: Readonly<Record<WebRowName, (own: string) => Promise<Row[]>>> = {
    "web-list": (own) => measureFirstList(own, scale.listRounds),
    "web-folder": (own) => measureLargeFolder(own, scale.folderRows),
    "web-acts": (own) => measurePageActs(own, scale.actRounds),
    "web-tasks": (own) => measurePageTasks(own, scale.taskFiles),
    "web-small": (own) => measureSmallUploads(own, scale),
    "web-large": (own) => measureLargeUploads(own, scale),
    "web-memory": (own) => measureNavigations(own, scale.navigations),
  };
  const rows: Row[] = [];
  for (const name of webRowNames) {
    if (!wants(name)) continue;
    for (const row of await works[name](`${folder}/${name}`)) {
      rows.push(row);
      process.stderr.write(`${row.work}: ${row.value.toFixed(3)} ${row.unit}; ${row.note ?? ""}\n`);
    }
  }
  return rows;
}
